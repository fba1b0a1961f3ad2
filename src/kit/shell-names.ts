/** Whether a shell has variables of this name. */
export const isShellName = (name: string): boolean => /^[A-Za-z_]\w*$/.test(name);

/** Whether a text is written as people name a variable that has a secret: `OAUTH2_CLIENT_SECRET`. */
export const isSecretsName = (text: string): boolean =>
  /^[A-Z][A-Z0-9]{0,40}(?:_[A-Z0-9]{1,40}){0,9}_(?:PASSWORD|PASSWD|PASS|PWD|PASSPHRASE|SECRET|TOKEN|KEY|SALT)$/.test(
    text,
  );

/** Which of a container's variables a shell before its command would drop, as dash and BusyBox do; null for none. */
export function droppedByShell(names: readonly string[]): string | null {
  const odd = names.find((name) => !isShellName(name));
  if (odd === undefined) return null;
  // An odd name, such as a pasted URL, may itself contain a secret.
  const shown = /^[\w.-]{1,80}$/.test(odd) ? `the variable ${odd}` : "a variable of the container";
  return `a shell would drop ${shown}, since no shell variable can have that name`;
}
