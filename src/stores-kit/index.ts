/*
 * What several stores share: check-and-set, the probe of rights, the text that a store can hold, AWS's settings and
 * errors. A store's peculiarities stay in its folder.
 */
export {};
