import { request } from "node:http";

/** One call of an engine's API. Docker's client takes ten times the processor time for the same. Throws for anything but success. */
export async function callEngine<Answer>(socketPath: string, method: string, path: string): Promise<Answer> {
  const { status, text } = await send(socketPath, method, path);
  if (status >= 300) throw new Error(`engine: ${method} ${path}: ${status} ${text}`);
  return (text === "" ? null : JSON.parse(text)) as Answer;
}

function send(socketPath: string, method: string, path: string): Promise<{ status: number; text: string }> {
  return new Promise((done, fail) => {
    const sent = request({ socketPath, method, path, agent: false, headers: { Host: "docker" } }, (answer) => {
      let text = "";
      answer
        .setEncoding("utf8")
        .on("data", (part: string) => (text += part))
        .on("error", fail)
        .on("end", () => done({ status: answer.statusCode ?? 0, text }));
    });
    sent.on("error", fail).end();
  });
}
