import { spawn } from "node:child_process";
import { expect, it } from "vitest";
import { composeConsumers } from "../../../migrations/compose/consumers.ts";

// A container's labels name the files of its project: nothing that could be waited for is opened.

it("reads no descriptor that another process has open", async () => {
  const other = spawn("sleep", ["60"], { stdio: ["ignore", "pipe", "ignore"] });
  try {
    const read = composeConsumers({ env: {}, cwd: "/", mayHold: () => true });
    await expect(read(`/proc/${other.pid}/fd/1`)).rejects.toMatchObject({ code: "refused" });
  } finally {
    other.kill();
  }
});
