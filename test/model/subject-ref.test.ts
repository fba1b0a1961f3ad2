import { expect, it } from "vitest";
import type { Location } from "../../src/model/location.ts";
import { serviceSubjectId } from "../../src/model/service-ref.ts";
import { ANY_SUBJECT, concerns, type SubjectRef } from "../../src/model/subject-ref.ts";

const at = (subject: Location["subject"], subjectName: string, subjectId = subjectName): Location => ({
  ...{ source: "any:", where: "env", path: "X", origin: "own" },
  ...{ subject, subjectName, subjectId },
});
const image = at("image", "h/r:1 linux/amd64", "sha256:1");
const file = at("file", "sub/a.env", "/srv/app/sub/a.env");
const service = at("service", "Deployment/web", serviceSubjectId({ file: "/srv/app/web.yaml", service: "web" }));

it.each<[what: string, ref: SubjectRef, location: Location, concerned: boolean]>([
  ["a subject of this name", { kind: "subject", name: "web", id: null }, at("container", "web", "1f"), true],
  ["a subject of this id", { kind: "subject", name: "old", id: "1f" }, at("container", "web", "1f"), true],
  ["a subject known by its id alone", { kind: "subject", name: "1f", id: null }, at("container", "web", "1f"), true],
  ["a subject whose name begins so", { kind: "subject", name: "web", id: null }, at("image", "web:1", "2f"), false],
  ["an image of a repository", { kind: "images", name: "h/r" }, image, true],
  ["a platform of an index", { kind: "images", name: "h/r:1" }, image, true],
  ["an image of another repository", { kind: "images", name: "h/re" }, image, false],
  ["an image of a tag that begins so", { kind: "images", name: "h/r:1" }, at("image", "h/r:12", "sha256:2"), false],
  ["a file", { kind: "file", path: "/srv/app/sub/a.env" }, file, true],
  ["a file in a folder", { kind: "file", path: "/srv/app" }, file, true],
  ["a file in the root", { kind: "file", path: "/" }, file, true],
  ["a file beside a folder whose name begins so", { kind: "file", path: "/srv/ap" }, file, false],
  ["a service that a file declares", { kind: "file", path: "/srv/app/web.yaml" }, service, true],
  ["a subject that may be any", ANY_SUBJECT, file, false],
])("an error about %s", (_, ref, location, concerned) => {
  expect(concerns(ref, location)).toBe(concerned);
});
