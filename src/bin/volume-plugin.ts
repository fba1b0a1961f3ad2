import "../kit/start-quietly.ts";
import { openStore } from "../assembly/open-store.ts";
import { serveVolumes } from "../delivery/volume/driver/index.ts";

// The volume driver: what runs in the plugin that `unsprawl plugin install` gives to an engine.
await serveVolumes(openStore);
