/** A test keeps it equal to package.json; reading that file would slow down every start. */
export const VERSION = "0.1.0";
