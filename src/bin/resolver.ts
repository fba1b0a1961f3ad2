import "../kit/start-quietly.ts";
import { openStore } from "../assembly/open-store.ts";
import { resolverArguments } from "../kit/program.ts";
import { resolveMain } from "../delivery/runtime/resolve.ts";

// The OCI runtime's resolver: a separate program, started at each container start.
await resolveMain(resolverArguments(), openStore);
