/** The plugin's socket in the folder where the engine looks for it. Source: moby `plugin/v2`, `config.Interface.Socket`. */
export const PLUGIN_SOCKET = "unsprawl.sock";
export const SOCKET_FOLDER = "/run/docker/plugins";
