/**
 * What a Keywhiz server was recorded to answer, one exchange after the other: who sent what (>), and which status,
 * headers and body came back (<), with a placeholder for what differs from server to server.
 */
export const FIRST_TRANSCRIPT = String.raw`
# create group
> client POST /automation/v2/groups
> {"name":"app-t1","description":"d","metadata":{"team":"x"},"owner":""}
< 201
< Location: https://127.0.0.1:4444/automation/v2/groups/app-t1
# create group with owner null/omitted
> client POST /automation/v2/groups
> {"name":"grp-t1"}
< 201
< Location: https://127.0.0.1:4444/automation/v2/groups/grp-t1
# create group again (dup)
> client POST /automation/v2/groups
> {"name":"grp-t1"}
< 409
< {"code":409,"message":"Group grp-t1 already exists"}
# get group
> client GET /automation/v2/groups/grp-t1
< 200
< {"name":"grp-t1","description":"","createdAtSeconds":<seconds>,"updatedAtSeconds":<seconds>,"createdBy":"client","updatedBy":"client","secrets":[],"clients":[],"metadata":{}}
# get missing group
> client GET /automation/v2/groups/nope-t1
< 404
< {"code":404,"message":"HTTP 404 Not Found"}
# list groups
> client GET /automation/v2/groups
< 200
< ["Web","grp-t1","Blackops","DeprecatedGroup","app-t1","Security","iOS"]
# create client in group
> client POST /automation/v2/clients
> {"name":"svc-t1","groups":["grp-t1"],"description":"svc","spiffeId":""}
< 201
< Location: https://127.0.0.1:4444/automation/v2/clients/svc-t1
# create client dup
> client POST /automation/v2/clients
> {"name":"svc-t1"}
< 409
< {"code":409,"message":"Client name already exists."}
# get client
> client GET /automation/v2/clients/svc-t1
< 200
< {"name":"svc-t1","description":"svc","spiffeId":"","createdAtSeconds":<seconds>,"updatedAtSeconds":<seconds>,"createdBy":"client","updatedBy":"client","lastSeenSeconds":null}
# get missing client
> client GET /automation/v2/clients/nope-t1
< 404
< {"code":404,"message":"HTTP 404 Not Found"}
# client groups
> client GET /automation/v2/clients/svc-t1/groups
< 200
< ["grp-t1"]
# modify client groups
> client PUT /automation/v2/clients/client/groups
> {"addGroups":["grp-t1"],"removeGroups":[]}
< 200
< ["grp-t1","Security"]
# client's secrets
> client GET /automation/v2/clients/client/secrets
< 200
< ["Nobody_PgPass","NonexistentOwner_Pass","General_Password","Database_Password"]
# create secret
> client POST /automation/v2/secrets
> {"name":"DB_PASSWORD-t1","content":"djE=","description":"from bench","metadata":{"mode":"0400","owner":"nobody"},"expiry":0,"type":"","groups":["grp-t1"]}
< 201
< Location: https://127.0.0.1:4444/automation/v2/secrets/DB_PASSWORD-t1
# create secret dup -> 409
> client POST /automation/v2/secrets
> {"name":"DB_PASSWORD-t1","content":"djE=","groups":["grp-t1"]}
< 409
< {"code":409,"message":"Cannot create secret DB_PASSWORD-t1."}
# content not base64
> client POST /automation/v2/secrets
> {"name":"bad-t1","content":"not base64!!"}
< 400
< {"code":400,"message":"Unable to process JSON"}
# content base64url chars
> client POST /automation/v2/secrets
> {"name":"burl-t1","content":"_-_-"}
< 400
< {"code":400,"message":"Unable to process JSON"}
# content base64 without padding
> client POST /automation/v2/secrets
> {"name":"nopad-t1","content":"YQ"}
< 201
< Location: https://127.0.0.1:4444/automation/v2/secrets/nopad-t1
# content empty
> client POST /automation/v2/secrets
> {"name":"empty-t1","content":""}
< 500
< {"code":500,"message":"There was an error processing your request. It has been logged (ID <hex>)."}
# content missing
> client POST /automation/v2/secrets
> {"name":"nocontent-t1"}
< 400
< {"code":400,"message":"Unable to process JSON"}
# name missing
> client POST /automation/v2/secrets
> {"content":"YQ=="}
< 400
< {"code":400,"message":"Unable to process JSON"}
# name empty
> client POST /automation/v2/secrets
> {"name":"","content":"YQ=="}
< 400
< {"code":400,"message":"Unable to process JSON"}
# name with slash
> client POST /automation/v2/secrets
> {"name":"a/b-t1","content":"YQ=="}
< 201
< Location: https://127.0.0.1:4444/automation/v2/secrets/a/b-t1
# name with space/unicode
> client POST /automation/v2/secrets
> {"name":"a b é-t1","content":"YQ=="}
< 201
< Location: https://127.0.0.1:4444/automation/v2/secrets/a%20b%20%C3%A9-t1
# name starting with dot
> client POST /automation/v2/secrets
> {"name":".dot-t1","content":"YQ=="}
< 400
< {"code":400,"message":"secret cannot be created with name <tick>.dot-t1<tick> - secret names cannot begin with a period"}
# unknown field
> client POST /automation/v2/secrets
> {"name":"uf-t1","content":"YQ==","bogus":1}
< 201
< Location: https://127.0.0.1:4444/automation/v2/secrets/uf-t1
# unknown group is ignored?
> client POST /automation/v2/secrets
> {"name":"ug-t1","content":"YQ==","groups":["no-such-group"]}
< 201
< Location: https://127.0.0.1:4444/automation/v2/secrets/ug-t1
# metadata bad key
> client POST /automation/v2/secrets
> {"name":"md-t1","content":"YQ==","metadata":{"foo":"bar"}}
< 201
< Location: https://127.0.0.1:4444/automation/v2/secrets/md-t1
# malformed JSON
> client POST /automation/v2/secrets
> {"name":
< 400
< {"code":400,"message":"Unable to process JSON"}
# secret detail
> client GET /automation/v2/secrets/DB_PASSWORD-t1
< 200
< {"name":"DB_PASSWORD-t1","description":"from bench","checksum":"<hmac>","createdAtSeconds":<seconds>,"createdBy":"client","updatedAtSeconds":<seconds>,"updatedBy":"client","metadata":{"mode":"0400","owner":"nobody"},"type":"","expiry":0,"version":<long>,"contentCreatedAtSeconds":<seconds>,"contentCreatedBy":"client"}
# secret HEAD exists
> client HEAD /automation/v2/secrets/DB_PASSWORD-t1
< 200
< Content-Type: application/json
# secret HEAD missing
> client HEAD /automation/v2/secrets/nope-t1
< 404
< Cache-Control: must-revalidate,no-cache,no-store
< Content-Type: text/html;charset=iso-8859-1
# secret detail missing
> client GET /automation/v2/secrets/nope-t1
< 404
< {"code":404,"message":"HTTP 404 Not Found"}
# sanitized
> client GET /automation/v2/secrets/DB_PASSWORD-t1/sanitized
< 200
< {"id":<long>,"name":"DB_PASSWORD-t1","description":"from bench","checksum":"<hmac>","createdAt":"<date>","createdBy":"client","updatedAt":"<date>","updatedBy":"client","metadata":{"mode":"0400","owner":"nobody"},"type":"","generationOptions":{},"expiry":0,"version":<long>,"contentCreatedAt":"<date>","contentCreatedBy":"client","createdAtSeconds":<seconds>,"updatedAtSeconds":<seconds>,"contentCreatedAtSeconds":<seconds>}
# secret groups
> client GET /automation/v2/secrets/DB_PASSWORD-t1/groups
< 200
< ["grp-t1"]
# createOrUpdate existing
> client POST /automation/v2/secrets/DB_PASSWORD-t1
> {"content":"djI=","description":"second","metadata":{},"expiry":0,"type":""}
< 201
< Location: https://127.0.0.1:4444/automation/v2/secrets/DB_PASSWORD-t1
# createOrUpdate new (note: no groups field)
> client POST /automation/v2/secrets/NEW-t1
> {"content":"YQ=="}
< 201
< Location: https://127.0.0.1:4444/automation/v2/secrets/NEW-t1
# add groups to secret
> client PUT /automation/v2/secrets/NEW-t1/groups
> {"addGroups":["grp-t1"],"removeGroups":[]}
< 200
< ["grp-t1"]
# versions
> client GET /automation/v2/secrets/DB_PASSWORD-t1/versions?versionIdx=0&numVersions=10
< 200
< [{"name":"DB_PASSWORD-t1","description":"second","checksum":"<hmac>","createdAtSeconds":<seconds>,"createdBy":"client","updatedAtSeconds":<seconds>,"updatedBy":"client","metadata":{},"type":"","expiry":0,"version":<long>,"contentCreatedAtSeconds":<seconds>,"contentCreatedBy":"client"},{"name":"DB_PASSWORD-t1","description":"second","checksum":"<hmac>","createdAtSeconds":<seconds>,"createdBy":"client","updatedAtSeconds":<seconds>,"updatedBy":"client","metadata":{"mode":"0400","owner":"nobody"},"type":"","expiry":0,"version":<long>,"contentCreatedAtSeconds":<seconds>,"contentCreatedBy":"client"}]
# bulk contents
> client POST /automation/v2/secrets/request/contents
> {"secrets":["DB_PASSWORD-t1","NEW-t1","nope-t1"]}
< 200
< {"successSecrets":{"DB_PASSWORD-t1":"djI=","NEW-t1":"YQ=="},"missingSecrets":["nope-t1"]}
# list names page
> client GET /automation/v2/secrets?idx=0&num=3&newestFirst=true
< 200
< ["NEW-t1","<name>","<name>"]
`;
