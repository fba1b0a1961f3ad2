/** The sections with commands, by the unit's kind: systemd.exec(5), podman-systemd.unit(5). */
const SECTIONS: { readonly [kind: string]: string } = {
  service: "Service",
  socket: "Socket",
  mount: "Mount",
  swap: "Swap",
  container: "Container",
};

export const UNIT_KINDS: readonly string[] = Object.keys(SECTIONS);

const kindOf = (name: string): string => name.slice(name.lastIndexOf(".") + 1);

export function sectionOf({ name }: { readonly name: string }): string {
  return SECTIONS[kindOf(name)] ?? "Service";
}

export function isQuadlet(name: string): boolean {
  return name.endsWith(".container");
}

/** Whether this is the name of a unit; `foo-.service` and `container` alone only have drop-ins. */
export function isUnitName(name: string): boolean {
  return /[^-]\.\w+$/.test(name) && kindOf(name) in SECTIONS;
}
