/**
 * The variable by which a printed command gets a value from the store: `UNSPRAWL_VALUE=ref+… unsprawl run -- …`. Under its own
 * name, a secret such as AWS_SECRET_ACCESS_KEY would take the place of the credential by which unsprawl itself logs in.
 */
export const STORED_VALUE = "UNSPRAWL_VALUE";
