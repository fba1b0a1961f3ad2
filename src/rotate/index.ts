/*
 * Rotating a moved secret: a new value is made, stored, set where the old one is checked, and given to everyone who has it;
 * then the old one is refused. The plan and its performing, as a migration whose units are secrets; who changes a value at
 * a server is a rotator's business (src/rotators).
 */
export {};
