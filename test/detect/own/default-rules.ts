/**
 * Rules in the words and the syntax of gitleaks's default file: case flags in the middle, (?P<…>), character classes
 * by name, a group for the secret, boundaries, a path rule, all kinds of allowlist.
 */
const ASSIGNED = String.raw`(?:[ \t\w.-]{0,20})[\s'"]{0,3}(?:=|>|:{1,3}=|\|\||:|=>|\?=|,)[\x60'"\s=]{0,5}`;
const END = String.raw`(?:[\x60'"\s;]|\\[nr]|$)`;

export const DEFAULT_RULES = String.raw`
title = "gitleaks config"
minVersion = "v8.25.0"

[allowlist]
description = "global allow lists"
paths = [
    '''gitleaks\.toml''',
    '''(?i)\.(?:bmp|gif|jpe?g|png|svg|tiff?)$''',
    '''(?:^|/)node_modules(?:/.*)?$''',
]
regexes = [
    '''(?i)^true|false|null$''',
    '''^(?i:a+|b+|c+|x+|\*+|\.+)$''',
    '''^\$(?:[A-Z_]+|[a-z_]+)$''',
    '''^\{\{[ \t]*[\w ().|]+[ \t]*}}$''',
]
stopwords = ["abcdefghijklmnopqrstuvwxyz"]

[[rules]]
id = "adobe-client-id"
description = "Adobe OAuth Web Client ID"
regex = '''(?i)[\w.-]{0,50}?(?:adobe)${ASSIGNED}([a-f0-9]{32})${END}'''
entropy = 2
keywords = ["adobe"]

[[rules]]
id = "adobe-client-secret"
regex = '''\b(p8e-(?i)[a-z0-9]{32})${END}'''
entropy = 2
keywords = ["p8e-"]

[[rules]]
id = "artifactory-api-key"
regex = '''\bAKCp[A-Za-z0-9]{69}\b'''
entropy = 4.5
keywords = ["akcp"]

[[rules]]
id = "atlassian-token"
regex = '''(?i)[\w.-]{0,50}?(?:(?-i:ATLASSIAN|[Aa]tlassian)|(?-i:JIRA|[Jj]ira))${ASSIGNED}([a-z0-9]{20}[a-f0-9]{4})${END}|\b(ATATT3[A-Za-z0-9_\-=]{186})${END}'''
entropy = 3.5
keywords = ["atlassian", "jira", "atatt3"]

[[rules]]
id = "aws-access-token"
regex = '''\b((?:A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16})\b'''
entropy = 3
keywords = ["a3t", "akia", "asia", "abia", "acca"]
[[rules.allowlists]]
regexes = ['''.+EXAMPLE$''']

[[rules]]
id = "azure-ad-client-secret"
regex = '''(?:^|[\\'"\x60\s>=:(,)])([a-zA-Z0-9_~.]{3}\dQ~[a-zA-Z0-9_~.-]{31,34})(?:$|[\\'"\x60\s<),])'''
entropy = 3
keywords = ["q~"]

[[rules]]
id = "clojars-api-token"
regex = '''(?i)CLOJARS_[a-z0-9]{60}'''
entropy = 2
keywords = ["clojars_"]

[[rules]]
id = "cohere-api-token"
regex = '''[\w.-]{0,50}?(?i:[\w.-]{0,50}?(?:cohere|CO_API_KEY)(?:[ \t\w.-]{0,20})[\s'"]{0,3})(?:=|>|:)[\x60'"\s=]{0,5}([a-zA-Z0-9]{40})${END}'''
entropy = 4
keywords = ["cohere", "co_api_key"]

[[rules]]
id = "digits-at-the-end"
regex = '''serial-(?P<head>[[:alpha:]]{3})-(?P<digits>[[:digit:]]{9})\z'''
secretGroup = 2
keywords = ["serial-"]

[[rules]]
id = "facebook-page-token"
regex = '''\b(EAA[MC](?i)[a-z0-9]{100,})${END}'''
entropy = 4
keywords = ["eaam", "eaac"]

[[rules]]
id = "generic-api-key"
regex = '''(?i)[\w.-]{0,50}?(?:access|auth|(?-i:[Aa]pi|API)|credential|creds|key|passw(?:or)?d|secret|token)${ASSIGNED}([\w.=-]{10,150}|[a-z0-9][a-z0-9+/]{11,}={0,3})${END}'''
entropy = 3.5
keywords = ["access", "api", "auth", "key", "credential", "creds", "passwd", "password", "secret", "token"]
[[rules.allowlists]]
regexes = ['''^[a-zA-Z_.-]+$''']
[[rules.allowlists]]
description = "public keys"
regexTarget = "match"
regexes = ['''(?i)public[_.-]?key''']
stopwords = ["sample"]
[[rules.allowlists]]
condition = "AND"
regexTarget = "line"
paths = ['''\.bb$''']
regexes = ['''LICENSE[^=]*=''']

[[rules]]
id = "hashicorp-tf-password"
regex = '''(?i)[\w.-]{0,50}?(?:administrator_login_password|password)${ASSIGNED}("[a-z0-9=_\-]{8,20}")${END}'''
entropy = 2
path = '''(?i)\.(?:tf|hcl)$'''
keywords = ["administrator_login_password", "password"]

[[rules]]
id = "pkcs12-file"
path = '''(?i)(?:^|\/)[^\/]+\.p(?:12|fx)$'''

[[rules]]
id = "pem-key"
regex = '''(?i)-----BEGIN[ A-Z0-9_-]{0,100}PRIVATE KEY(?: BLOCK)?-----[\s\S-]{64,}?KEY(?: BLOCK)?-----'''
keywords = ["-----begin"]

[[rules]]
id = "vault-service-token"
regex = '''\b((?:hvs\.[\w-]{90,120}|s\.(?i:[a-z0-9]{24})))${END}'''
entropy = 3.5
keywords = ["hvs.", "s."]
tags = ["hashicorp"]
`;
