import { expect, it } from "vitest";
import { agentInstallation } from "../../src/agent/install/index.ts";
import { mustBeSeen } from "../../src/watch/install/private-tmp.ts";

it("a unit is not made of a program that it would not see", () => {
  const next = (program: readonly string[]): string | null => {
    try {
      mustBeSeen(program);
      return null;
    } catch (error) {
      return (error as { hint: string }).hint;
    }
  };
  expect(next(["/tmp/unsprawl"])).toBe(
    "install -m 755 /tmp/unsprawl /usr/local/bin/unsprawl, then run the command with /usr/local/bin/unsprawl",
  );
  expect(next(["/usr/bin/node", "/var/tmp/a/dist/main.js"])).toContain("put unsprawl into a folder such as /opt");
  expect(next(["/usr/bin/node", "/tmpfs/main.js"])).toBeNull();
  const asked = {
    ...{ words: [], image: null, config: null, state: "/s", memory: "/run/unsprawl", home: "/h" },
    ...{ socket: null, userHome: "/root", userUnits: null },
  };
  const unit = (program: string) => () => agentInstallation("systemd", { ...asked, program: [program] });
  expect(unit("/tmp/unsprawl")).toThrow("systemd hides from the unit (PrivateTmp=yes)");
  expect(unit("/usr/bin/unsprawl")).not.toThrow();
});
