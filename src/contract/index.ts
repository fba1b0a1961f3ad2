/*
 * The interfaces that plug-ins implement and core calls: types, minimal code, no library. A change here affects every
 * plug-in; extend with optional members.
 */
export {};
