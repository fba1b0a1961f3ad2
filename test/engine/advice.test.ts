import { expect, test } from "vitest";
import { adviceOn } from "../../src/engine/advice.ts";

test.each([
  ["a user of its own", { User: "1000:1000" }, []],
  ["no user", {}, [/^runs as root/]],
  ["root by name and group", { User: "root:staff" }, [/^runs as root/]],
  ["a user named after root", { User: "rootless" }, []],
  [
    "volumes",
    { User: "app", Volumes: { "/data": {}, "/etc/app": {} } },
    [/for \/data, \/etc\/app at each run.*NAME:\/data/],
  ],
  [
    "the engine's socket as a volume",
    { User: "app", Volumes: { "/var/run/docker.sock": {} } },
    [/anonymous/, /socket/],
  ],
  ["the engine's socket in a flag", { User: "app", Cmd: ["--docker=unix:///var/run/docker.sock"] }, [/socket/]],
  ["the engine's socket in a variable", { User: "app", Env: ["DOCKER_HOST=unix:///run/docker.sock"] }, [/socket/]],
  ["an engine elsewhere", { User: "app", Env: ["DOCKER_HOST=tcp://engine:2376"] }, []],
  ["supervisord", { User: "app", Cmd: ["/usr/bin/supervisord", "-n"] }, [/several services \(supervisord\)/]],
  ["s6-overlay", { User: "app", Entrypoint: ["/init"] }, [/several services \(s6-overlay\)/]],
  ["one service behind an init", { User: "app", Entrypoint: ["/sbin/tini", "--"], Cmd: ["node", "a.js"] }, []],
  ["an SSH server", { User: "app", ExposedPorts: { "22/tcp": {} } }, [/SSH server/]],
  ["instructions for builds", { User: "app", OnBuild: ["COPY . /app"] }, [/ONBUILD/]],
  ["what no engine writes", { User: 7, Cmd: "supervisord", Env: { A: 1 }, Volumes: null, OnBuild: "x" }, []],
])("%s", (_what, config, expected) => {
  const advice = adviceOn(config as Parameters<typeof adviceOn>[0]);
  expect(advice).toEqual(expected.map((one) => expect.stringMatching(one) as string));
});
