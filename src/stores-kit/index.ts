/*
 * What several stores share: check-and-set, the probe of rights, what text a store can hold, AWS's settings and errors.
 * A store's own peculiarities stay in its folder.
 */
export {};
