import type { ServiceChange } from "./index.ts";

/** The variables that a service's change moves. */
export const namesOf = ({ moves }: Pick<ServiceChange, "moves">): readonly string[] => moves.map(({ name }) => name);
