import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { Secret } from "../../src/model/secret.ts";
import { givenValue, mustFit, withSecret } from "../../src/rotate/replaced.ts";

const made = (): string => randomBytes(9).toString("hex");
const url = (password: string): Secret => Secret.of(`postgres://app:${password}@db/app`);

describe("a given value", () => {
  const old = Secret.of(made());

  it("is encoded in a URL, even where the earlier one needed no encoding", () => {
    const text = `${made()}@/#%`;
    const after = withSecret(url(old.exposeText()), old, Secret.of(text));
    expect(decodeURIComponent(new URL(after.exposeText()).password)).toBe(text);
    expect(withSecret(old, old, Secret.of(text)).exposeText()).toBe(text);
  });

  it("may contain the earlier one", () => {
    const [was, next] = [Secret.of(`${made()}/`), made()];
    const longer = Secret.of(`${was.exposeText()}${next}`);
    const after = withSecret(url(encodeURIComponent(was.exposeText())), was, longer);
    expect(decodeURIComponent(new URL(after.exposeText()).password)).toBe(longer.exposeText());
  });

  it("is refused where it would have to be quoted in another text", () => {
    const text = Secret.of(`host=db password=${old.exposeText()} user=app`);
    expect(() => mustFit(Secret.of(`${made()} x`), old, [old, text])).toThrow("would have to be quoted");
    expect(() => mustFit(Secret.of(made()), old, [old, text])).not.toThrow();
    expect(() => mustFit(Secret.of(`${made()} x`), old, [old, url(old.exposeText())])).not.toThrow();
  });

  it("has no newline at its end, unless the earlier one has: a key in PEM does", () => {
    const text = made();
    const ofLine = (end: string, was: Secret): string => givenValue(Secret.of(`${text}${end}`), was).exposeText();
    expect(["", "\n", "\r\n", "\n\n"].map((end) => ofLine(end, old))).toEqual([text, text, text, `${text}\n`]);
    expect(ofLine("\n", Secret.of(`${made()}\n`))).toBe(`${text}\n`);
    expect(() => mustFit(givenValue(Secret.of("\n"), old), old, [old])).toThrow("is empty");
  });

  it("is refused if it is the one that is there", () => {
    expect(() => mustFit(Secret.of(old.exposeText()), old, [old])).toThrow("the one that it has");
  });
});
