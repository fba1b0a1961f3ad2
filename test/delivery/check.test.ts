import { expect, test } from "vitest";
import { mayUseVariables } from "../../src/delivery/check.ts";

const NAMES = ["DB_PASSWORD", "PGPASSWORD", "HTTP_PROXY"];

test.each<[health: readonly string[], may: boolean]>([
  [["CMD-SHELL", "curl -f http://localhost:8080/health || exit 1"], true], // HTTP_PROXY
  [["CMD-SHELL", "redis-cli ping | grep PONG"], false],
  [["CMD", "redis-cli", "ping"], false],
  [["CMD", "/usr/bin/redis-cli", "ping"], false],
  [["CMD-SHELL", "pg_isready -U postgres"], true], // PGPASSWORD
  [["CMD-SHELL", "mysqladmin ping -h 127.0.0.1 --silent"], false],
  [["CMD-SHELL", 'mysqladmin ping -p"$DB_PASSWORD"'], true],
  [["CMD-SHELL", "mysqladmin ping -p${DB_PASSWORD:-x}"], true],
  [["CMD-SHELL", "[ -f /tmp/ready ] && ! test -e /tmp/broken"], false],
  [["CMD-SHELL", 'if [ -n "$(cat /tmp/up)" ]; then exit 0; else exit 1; fi'], false],
  [["CMD-SHELL", 'test "$(/app/health)" = ok'], true],
  [["CMD-SHELL", "test -n `/app/health`"], true],
  [["CMD-SHELL", "grep -q x /proc/self/environ"], true],
  [["CMD-SHELL", 'n=DB; eval "echo $n"'], true],
  [["CMD-SHELL", "$CHECK"], true],
  [["CMD-SHELL", "n=DB_; echo ${!n}"], true],
  [["CMD-SHELL", "env | grep -q x"], true],
  [["CMD-SHELL", ". /etc/profile"], true],
  [["CMD-SHELL", "echo 'unclosed"], true],
  [["CMD-SHELL", "nc -z localhost 80 || node check.js"], true],
  [["CMD", "healthcheck.sh", "--connect"], true],
  [["CMD", "node", "check.js"], true],
  [["CMD", "sh", "-c", "ls /tmp/ready"], false],
  [["CMD", "/bin/sh", "-c", "ls $DB_PASSWORD"], true],
  [["CMD", "sh", "/check.sh"], true],
  [["CMD"], true],
])("%j may use a moved value: %j", (health, may) => {
  expect(mayUseVariables(health, NAMES)).toBe(may);
});

test("a program that reads other variables than those that move is known not to", () => {
  expect(mayUseVariables(["CMD-SHELL", "curl -f localhost"], ["DB_PASSWORD"])).toBe(false);
  expect(mayUseVariables(["CMD-SHELL", "pg_isready -U postgres"], ["POSTGRES_PASSWORD"])).toBe(false);
});
