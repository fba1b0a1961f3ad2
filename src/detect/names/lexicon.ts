/** The words of names, as data. */

export type WordFamily =
  | "password"
  | "pin"
  | "phrase"
  | "secret"
  | "token"
  | "key"
  | "auth"
  | "cookie"
  | "session"
  | "salt"
  | "credential";

const words = (text: string): string[] => text.trim().split(/\s+/);

/** Head nouns and what they promise, in the languages people write configuration in. */
export const FAMILY: ReadonlyMap<string, WordFamily> = new Map<string, WordFamily>([
  ...words(`
    password passwords passwd passwrd pasword passw pass passphrase passcode passkey pwd pswd psw psword pssword psswd pswrd psswrd paswd paswrd passsword passwrod passowrd passwod passwodr pasword pssword apssword passwordd pw pword psk wpapsk tlspsk
    requirepass masterauth masterpass storepass keypass bindpw rootpw rootbindpw dnpass authtok dbpw sshpass userpass userpw mypass
    passwort kennwort losungswort motdepasse passe mdp senha contrasena contraseña contrasenia contrasenya clave parola parolachiave parol wachtwoord
    haslo heslo sifresi parolasi salasana lozinka sifre losenord lösenord adgangskode passord jelszo sandi katasandi khau matkhau mima kouling wagwoord pasahitza slaptazodis lykilord nenosiri пароль 密码 密碼 口令 パスワード 비밀번호 kodeord salasana geslo lozinka parool parole
    ospassword pgpassword redispassword setcookie`).map((word) => [word, "password"] as const),
  ...words("pin pincode").map((word) => [word, "pin"] as const),
  ...words("mnemonic mnemonics seed seedphrase phrase").map((word) => [word, "phrase"] as const),
  ...words(
    `secret secrets secert sercet seceret pepper hmac hmacencoded macaroon geheimnis geheimschluessel geheimschlussel segredo secreto segreto
    secreta segreta secrete geheim sekret tajemstvi tajomstvo tajemnica salaisuus tajna skrivnost hemlighet hemmelighed
    hemmelighet titok rahasia bimat sekretua paslaptis leyndarmal saladus noslepums gizlianahtar секрет тайна 秘密 シークレット 비밀`,
  ).map((word) => [word, "secret"] as const),
  ...words("token tokens toekn tokne bearer pat jeton gslt authtoken accesstoken jwt").map(
    (word) => [word, "token"] as const,
  ),
  ...words("auth authorization oauth basicauth htpasswd login redisauth").map((word) => [word, "auth"] as const),
  ...words("cookie").map((word) => [word, "cookie"] as const),
  ...words("sessdata sessionid phpsessid jsessionid sessid sessiontoken csrftoken").map(
    (word) => [word, "session"] as const,
  ),
  ...words("private signing").map((word) => [word, "session"] as const),
  ...words(`schluessel schlussel chiave chave cle clef llave clau cheie cheia sleutel klucz klic kluc anahtar anahtari
    avain kljuc nyckel nogle nokkel kulcs kunci khoa miyao gakoa raktas lykill atslega ключ κλειδι κλειδί 密钥 密鑰 鍵 キー 키`).map(
    (word) => [word, "key"] as const,
  ),
  ...words("salt").map((word) => [word, "salt"] as const),
  ...words("credential credentials creds cred credetials credentails crendentials").map(
    (word) => [word, "credential"] as const,
  ),
]);

/** Before `KEY`: whatever the value is, it is the key. */
export const KEY_ANY: ReadonlySet<string> = new Set(
  words(`api secret private encryption enc encrypt decryption decrypt crypt crypto cipher signing sign signature master jwt hmac
    aes fernet vault unseal recovery nonce preshared shared webhook internal
    secreta secrete secreto segreta segreto privee privada privata privato geheime tajny tajna gizli rahasia secretă
    cookies secure csrf salt rails flask django app auth logged rememberme remember radius tacacs`),
);

/** Before `KEY`: the value must at least look like a key, since these also name other things. */
export const KEY_SHAPED: ReadonlySet<string> = new Set(
  words(`access session cookie account storage admin service deploy license licence subscription activation write ingest
    ingestion integration server instance provisioning project root functions host function primary secondary rest
    registration bot trigger sensitive upgrade ssh tls ssl rsa ecdsa ed25519 client consumer user worker backend wg wireguard keystore
    application logged logger security token data edge wifi wlan join`),
);

/** Before `KEY`: something else than a credential. */
export const KEY_CANCEL: ReadonlySet<string> = new Set(
  words(`public pub publishable publish gpg pgp foreign sort partition cache index row object hash map idempotency
    routing hot shortcut translation group groups label registry site sitekey anon anonymous verification verify verifying
    feature flag config s3object message dedup lookup sorted event json xml yaml metric tag redis kafka topic shard
    order lock distributed composite natural surrogate candidate unique search searchonly apt rpm yum dpkg repo
    keyring trusted website claim claims role roles stage env host-ca known pusher jira issue websocket socket spreadsheet sheet instrumentation arrow enter escape meta compose column recv receive change accept field encrypted encryptedmetadata`),
);

/** Of those, the ones that cancel from further away too: `PUBLIC_API_KEY`, `APT_SIGNING_KEY`. */
export const KEY_PUBLIC: ReadonlySet<string> = new Set(
  words(`public pub publishable publish gpg pgp site sitekey anon anonymous verification verify verifying search
    searchonly apt rpm yum dpkg repo keyring trusted host-ca known pusher`),
);

/** Right before `KEY`, what promises a credential whatever stands further away: `REDIS_ACCESS_KEY`. */
export const KEY_OPENS: ReadonlySet<string> = new Set(
  words(`access license licence subscription activation ingest ingestion`),
);

/** Last words that turn the name into a setting about a secret, a pointer to one, or a name of one. */
export const CANCEL: ReadonlySet<string> = new Set(
  words(`file files filename path paths dir directory folder location loc mount mountpoint url urls uri uris link href endpoint endpoints
    name names id ids identifier uuid guid length len min max minimum maximum size count limit limits num number
    ttl expiry expiration expire expires exp expired lifetime lifespan age maxage duration interval timeout delay period email emails mail kid attr attrs dn
    mtime ctime atime image images ms sec secs seconds minutes hours days time date at since until within window grace leeway skew retention
    type types kind class mode method methods scheme schemes strategy policy policies algorithm algorithms alg algs algo algos cipher
    format encoding charset regex pattern rule rules template prefix suffix separator delimiter
    active enabled enable disabled disable required require optional allowed allow allowlist denylist force mandatory only
    provider providers backend backends engine driver manager store storage storages service vendor issuer audience aud scope scopes
    model models attributes columns field fields header headers param params parameter column property attribute claim claims selector
    version versions ver revision rotation rotate rotated rotations renew renewal refresh reset validation validator
    validate validity verify verifier verification check checker strength complexity history retries attempts tries retry rounds iterations cost
    preference preferences hint prompt question label labels title subject headline caption tooltip body description desc message text placeholder help page form view route endpoint
    fingerprint thumbprint digest checksum checksums sha sha1 sha256 sha512 md5 sum hasher hashing hash hashes
    user users username usernames account host hosts hostname port region zone domain realm namespace tenant project
    server servers keyserver proxy arn ref reference refs pointer alias config configuration settings options opts conf cfg
    cert certs certificate ca crt chain bundle truststore keystore keyring
    policy owner group role roles permissions perms mapping map maps index list whitelist blacklist allowlists spec specs
    handler callback redirect class module plugin extension library lib package factory impl filter
    authentication encryption encrypted encrypt decryption protocol security login_url
    level debug verbose log logs cache caching bucket queue topic channel
    arg args encoder encoders decoder decoders tokenizer parser generator gen size usage used total budget quota rate per tpm rpm
    supported capability agent helper command cmd script exec env status state source target environment var variable
    meter quality numbers digits action actions checked events audit mask echo visibility visible dictionary breach breached leaked compliance uppercase lowercase specials casing mint table tables cron schedule reporter msg messages words validators tage dias jours giorni tamanho minimo maximo longitud
    longueur laenge lange ablauf caducidad expiracion duree minima maxima score scores hashers identity identities stdin prompt fd askpass
    login_page expiresin in on off support change changes changed update updated option lives maxlen minlen warning warnings tips attempts lockout bits suffixes dn basedn binddn filter search regexp chars characters symbols alphabet nonce
    ldflags ldadd cflags cppflags libadd sources`),
);

/** The same, in two words. */
export const CANCEL_PHRASES: ReadonlySet<string> = new Set(
  words(`key_id api_version basic_realm token_bucket secret_keeper password_less pin_to pin_version
    key_base64_encoded key_board pass_opt pass_through pass_thru proxy_pass by_pass fast_pass two_pass first_pass second_pass single_pass git_credential network_passphrase
    from_secret hashed_secret pin_priority last_set must_change can_change`),
);

/** Model vocabulary and limits: `BOS_TOKEN`, `MAX_TOKENS`. */
export const SPECIAL_TOKENS: ReadonlySet<string> = new Set(
  words(
    "max min num number n type bos eos pad unk sep cls mask stop special output input context total count prompt completion limit image mean initial ignore skip excluded included",
  ),
);

/** Names that say: this is a checksum or an id of content. */
export const DIGEST_WORDS: ReadonlySet<string> = new Set(
  words(`sha sha1 sha224 sha256 sha384 sha512 sha256sum sha512sum sha1sum md5 md5sum shasum checksum checksums digest digests crc crc32 etag
    commit commits revision rev fingerprint fingerprints thumbprint integrity gpg pgp gitsha vcs sum blake2 blake3
    refspec build_id buildid layer hash hashes manifest`),
);

/** Names that say: made to be seen. */
export const PUBLIC_WORDS: ReadonlySet<string> = new Set(
  words("public pub publishable vite publickey anon sitekey recaptchasite gtm ga analytics measurement"),
);

/** Words at the end that say nothing: stages, ordinals, encodings. */
export const NEUTRAL =
  /^(?:\d{1,4}|v\d{1,3}|prod|production|dev|devel|development|stag|stage|staging|test|testing|live|sandbox|qa|uat|local|primary|secondary|main|overwrite|override|old|new|current|previous|prev|next|default|fallback|backup|b64|base64|base64url|b64url|base32|encoded|hex|raw|plain|plaintext|clear|cleartext|value|val|string|str|literal|data|content|contents|json|base|[a-z])$/;
