import { expect, it } from "vitest";
import { serviceRefOf, serviceSubjectId } from "../../src/model/service-ref.ts";

it.each([
  ["a service of one file", { file: "/srv/compose.yaml", service: "web" }],
  ["a service of several files", { file: "/srv/compose.yaml:/srv/more.yaml", service: "web" }],
  ["a file with a # in its name", { file: "/srv/#1/app.yaml", service: "default/Deployment/web" }],
])("the id of %s names its file and its service", (_, ref) => {
  expect(serviceRefOf({ subject: "service", subjectId: serviceSubjectId(ref) })).toEqual(ref);
});

it.each([
  ["a file", "file", "/srv/#1/app.env"],
  ["a service of a swarm", "service", "0123456789abcdefghijklmno"],
] as const)("%s is no service that a file declares", (_, subject, subjectId) => {
  expect(serviceRefOf({ subject, subjectId })).toBeNull();
});
