/*
 * The words of each screen: pure functions from the state to lines, which the components draw and the accessible face
 * reads out. Nothing is asked, read or changed here.
 */
export {};
