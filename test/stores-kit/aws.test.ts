import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { readAws } from "../../src/stores-kit/aws.ts";

describe("an endpoint of AWS", () => {
  const password = randomBytes(12).toString("hex");

  it.each([`https://me:${password}@h`, `http://${password}@h:4566/x`])("with a login is refused: %#", (endpoint) => {
    const message = "the AWS endpoint contains a login";
    const refused = expect.objectContaining({ code: "config", message }) as Error;
    expect(() => readAws({ endpoint }, {}, "/", "SSM")).toThrow(refused);
    for (const name of ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SSM"])
      expect(() => readAws({}, { [name]: endpoint }, "/", "SSM")).toThrow(refused);
  });

  it("without one is taken as it is", () => {
    expect(readAws({ endpoint: "http://h:4566/a@b" }, {}, "/", "SSM").endpoint).toBe("http://h:4566/a@b");
  });
});
