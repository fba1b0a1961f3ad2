import { expect, test } from "vitest";
import { expressionsIn } from "../../src/core/expressions.ts";

/** The text with each reference in brackets. */
const shown = (text: string): string =>
  expressionsIn(text)
    .map(({ text: piece, reference }) => (reference === null ? piece : `<${reference}>`))
    .join("");

// As vals' own tests have them (pkg/expansion/expand_match_test.go), and what is no expression.
test.each([
  ["ref+vault://srv/foo/bar#/zoo", "<ref+vault://srv/foo/bar#/zoo>"],
  ["ref+vault://srv/foo/bar#/zoo+", "<ref+vault://srv/foo/bar#/zoo>"],
  ["secretref+vault://srv/foo#/zoo", "<ref+vault://srv/foo#/zoo>"],
  ["postgres://u:ref+vault://db#/pw+@host/d", "postgres://u:<ref+vault://db#/pw>@host/d"],
  ["foo ref+awsssm://a/b+ ref+awssecrets://c#/d bar", "foo <ref+awsssm://a/b> <ref+awssecrets://c#/d> bar"],
  ["ref+awsssm://a+ref+awsssm://b", "<ref+awsssm://a><ref+awsssm://b>"],
  ['{"a":"ref+awsssm://a/b"}', '{"a":"<ref+awsssm://a/b"}>'],
  ["ref+awsssm://a/b, next", "<ref+awsssm://a/b, next>"],
  ["x ref+awsssm://a/b, next", "x <ref+awsssm://a/b>, next"],
  ["ref+sops:///a file.yaml#/A", "<ref+sops:///a file.yaml#/A>"],
  ["prefix+suffix", "prefix+suffix"],
  ["xref+1", "xref+1"],
  ["", ""],
])("%s", (text, pieces) => expect(shown(text)).toBe(pieces));
