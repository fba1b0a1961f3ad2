/** How the recording goes on: deliveries, deletions and odd cases. */
export const SECOND_TRANSCRIPT = String.raw`
# read one
> client GET /secret/DB_PASSWORD-t1
< 200
< {"name":"DB_PASSWORD-t1","secret":"djI=","secretLength":2,"checksum":"<hmac>","creationDate":"<date>","updateDate":"<date>"}
# read missing
> client GET /secret/nope-t1
< 404
< {"code":404,"message":"HTTP 404 Not Found"}
# read not granted (exists)
> client GET /secret/ug-t1
< 403
< {"code":403,"message":"Access denied: client at '/secret/ug-t1' by 'Client{id=<long>, name=client, description=, spiffeId=null, createdAt=ApiDate[<seconds>], createdBy=, updatedAt=ApiDate[<seconds>], updatedBy=, lastSeen=ApiDate[<seconds>], expiration=ApiDate[<seconds>], enabled=true, owner=null, automationAllowed=true}'"}
# batch read
> client POST /batchsecret
> {"secrets":["DB_PASSWORD-t1","NEW-t1"]}
< 200
< [{"name":"DB_PASSWORD-t1","secret":"djI=","secretLength":2,"checksum":"<hmac>","creationDate":"<date>","updateDate":"<date>"},{"name":"NEW-t1","secret":"YQ==","secretLength":1,"checksum":"<hmac>","creationDate":"<date>","updateDate":"<date>"}]
# noSecretsClient lists (auto-created?)
> nosecrets GET /secrets
< 200
< []
# noSecretsClient reads existing
> nosecrets GET /secret/DB_PASSWORD-t1
< 403
< {"code":403,"message":"Access denied: noSecretsClient at '/secret/DB_PASSWORD-t1' by 'Client{id=<long>, name=noSecretsClient, description=Client created automatically from valid certificate authentication, spiffeId=null, createdAt=ApiDate[<seconds>], createdBy=automatic, updatedAt=ApiDate[<seconds>], updatedBy=automatic, lastSeen=null, expiration=null, enabled=true, owner=null, automationAllowed=false}'"}
# noSecretsClient uses automation
> nosecrets GET /automation/v2/secrets
< 403
< {"code":403,"message":"Client noSecretsClient not authorized as a AutomationClient"}
# no cert: automation
> none GET /automation/v2/secrets
< 401
< WWW-Authenticate: Not authorized as Keywhiz client
< {"code":401,"message":"HTTP 401 Unauthorized"}
# no cert: create
> none POST /automation/v2/secrets
> {"name":"x","content":"YQ=="}
< 401
< WWW-Authenticate: Not authorized as Keywhiz client
< {"code":401,"message":"HTTP 401 Unauthorized"}
# no cert: delivery
> none GET /secrets
< 401
< WWW-Authenticate: Not authorized as Keywhiz client
< {"code":401,"message":"HTTP 401 Unauthorized"}
# delete secret
> client DELETE /automation/v2/secrets/DB_PASSWORD-t1
< 204
# delete again
> client DELETE /automation/v2/secrets/DB_PASSWORD-t1
< 404
< {"code":404,"message":"Secret series not found."}
# read after delete
> client GET /secret/DB_PASSWORD-t1
< 404
< {"code":404,"message":"HTTP 404 Not Found"}
# re-create after delete
> client POST /automation/v2/secrets
> {"name":"DB_PASSWORD-t1","content":"djE=","groups":["grp-t1"]}
< 201
< Location: https://127.0.0.1:4444/automation/v2/secrets/DB_PASSWORD-t1
# delete client
> client DELETE /automation/v2/clients/svc-t1
< 204
# delete group
> client DELETE /automation/v2/groups/app-t1
< 204
# PUT group on unknown
> client PUT /automation/v2/secrets/nope-u1/groups
> {"addGroups":["x"],"removeGroups":[]}
< 404
< {"code":404,"message":"HTTP 404 Not Found"}
# add unknown group to secret
> client POST /automation/v2/secrets
> {"name":"s-u1","content":"YQ=="}
< 201
< Location: https://127.0.0.1:4444/automation/v2/secrets/s-u1
# then PUT unknown group
> client PUT /automation/v2/secrets/s-u1/groups
> {"addGroups":["nogroup"],"removeGroups":[]}
< 200
< []
# createOrUpdate with groups in body (ignored?)
> client POST /automation/v2/secrets/s-u1
> {"content":"Yg==","groups":["Security"]}
< 201
< Location: https://127.0.0.1:4444/automation/v2/secrets/s-u1
# groups after
> client GET /automation/v2/secrets/s-u1/groups
< 200
< []
# partialupdate content only
> client POST /automation/v2/secrets/s-u1/partialupdate
> {"contentPresent":true,"content":"Yw=="}
< 201
< Location: https://127.0.0.1:4444/automation/v2/secrets/s-u1
# contents after
> client POST /automation/v2/secrets/request/contents
> {"secrets":["s-u1"]}
< 200
< {"successSecrets":{"s-u1":"Yw=="},"missingSecrets":[]}
# rename
> client POST /automation/v2/secrets/s-u1/rename/s2-u1
> {}
< 201
< Location: https://127.0.0.1:4444/automation/v2/secrets/s2-u1
# no content type
> client POST /automation/v2/secrets
< 415
< {"code":415,"message":"HTTP 415 Unsupported Media Type"}
# name 255
> client POST /automation/v2/secrets
> {"name":"<name-of-255>","content":"YQ=="}
< 400
< {"code":400,"message":"secret cannot be created with name <tick><name-of-255><tick> - secret names must be 195 characters or less"}
# name 300
> client POST /automation/v2/secrets
> {"name":"<name-of-300>","content":"YQ=="}
< 400
< {"code":400,"message":"secret cannot be created with name <tick><name-of-300><tick> - secret names must be 195 characters or less"}
# unpadded read back
> client POST /automation/v2/secrets/request/contents
> {"secrets":["nopad-t1","a/b-t1","a b é-t1"]}
< 200
< {"successSecrets":{"nopad-t1":"YQ==","a/b-t1":"YQ==","a b é-t1":"YQ=="},"missingSecrets":[]}
# slash name via %2F
> client GET /automation/v2/secrets/a%2Fb-t1
< 200
< {"name":"a/b-t1","description":"","checksum":"<hmac>","createdAtSeconds":<seconds>,"createdBy":"client","updatedAtSeconds":<seconds>,"updatedBy":"client","metadata":{},"type":"","expiry":0,"version":<long>,"contentCreatedAtSeconds":<seconds>,"contentCreatedBy":"client"}
# unicode name
> client GET /automation/v2/secrets/a%20b%20%C3%A9-t1
< 200
< {"name":"a b é-t1","description":"","checksum":"<hmac>","createdAtSeconds":<seconds>,"createdBy":"client","updatedAtSeconds":<seconds>,"updatedBy":"client","metadata":{},"type":"","expiry":0,"version":<long>,"contentCreatedAtSeconds":<seconds>,"contentCreatedBy":"client"}
# base64 MIME newlines
> client POST /automation/v2/secrets
> {"name":"nl-u1","content":"YQ==\n"}
< 400
< {"code":400,"message":"Unable to process JSON"}
# base64 inner newline
> client POST /automation/v2/secrets
> {"name":"nl2-u1","content":"YWJj\nYWJj"}
< 400
< {"code":400,"message":"Unable to process JSON"}
# expiry past
> client POST /automation/v2/secrets
> {"name":"ex-u1","content":"YQ==","expiry":1000}
< 201
< Location: https://127.0.0.1:4444/automation/v2/secrets/ex-u1
# binary value
> client POST /automation/v2/secrets
> {"name":"bin-u1","content":"AP/+"}
< 201
< Location: https://127.0.0.1:4444/automation/v2/secrets/bin-u1
# binary contents
> client POST /automation/v2/secrets/request/contents
> {"secrets":["bin-u1"]}
< 200
< {"successSecrets":{"bin-u1":"AP/+"},"missingSecrets":[]}
# group with missing name
> client POST /automation/v2/groups
> {}
< 400
< {"code":400,"message":"Unable to process JSON"}
# v1 automation
> client GET /automation/secrets?name=Nobody_PgPass
< 200
< [{"id":<long>,"name":"Nobody_PgPass","secret":"eA==","secretLength":1,"creationDate":"<date>","groups":[{"id":<long>,"name":"Security","description":"","createdAt":"<date>","createdBy":"","updatedAt":"<date>","updatedBy":"","metadata":{}},{"id":<long>,"name":"Web","description":"","createdAt":"<date>","createdBy":"","updatedAt":"<date>","updatedBy":"","metadata":{}}],"expiry":0,"mode":"0400","owner":"nobody"}]
# v1 clients
> client GET /automation/clients?name=client
< 200
< {"id":<long>,"name":"client","description":"","creationDate":"<date>","updateDate":"<date>","createdBy":"","updatedBy":"","lastSeen":"<date>","groups":[{"id":<long>,"name":"Security","description":"","createdAt":"<date>","createdBy":"","updatedAt":"<date>","updatedBy":"","metadata":{}},{"id":<long>,"name":"grp-t1","description":"","createdAt":"<date>","createdBy":"client","updatedAt":"<date>","updatedBy":"client","metadata":{}}],"secrets":[]}
# path 404
> client GET /nope
< 404
< {"code":404,"message":"HTTP 404 Not Found"}
# method 405
> client PUT /automation/v2/secrets
> {}
< 405
< Allow: POST,GET,OPTIONS
< {"code":405,"message":"HTTP 405 Method Not Allowed"}
# setversion bad
> client POST /automation/v2/secrets/s2-u1/setversion
> {"name":"s2-u1","version":1}
< 400
< {"code":400,"message":"The requested version 1 is not a known version of this secret"}
`;
