import { suppliesOf } from "../../src/delivery/supply.ts";
import type { Consumer } from "../../src/model/consumer.ts";
import { Secret } from "../../src/model/secret.ts";

// Writes two long values in turn until it is killed.
const [memory = "", text = ""] = process.argv.slice(2);
const consumer = JSON.parse(text) as Consumer;
const none = { read: () => [], add: async () => undefined, remove: async () => undefined };
const supplies = suppliesOf({ UNSPRAWL_RUNTIME_DIR: memory }, none);
const values = ["a", "b"].map((letter) => new Map([["DB_PASSWORD", Secret.of(letter.repeat(200_000))]]));
process.stdout.write("ready\n");
for (;;) for (const value of values) supplies.write(consumer, value);
