/** Functions that take a secret by its place among their arguments, as data. */

/** How a function of code takes a secret. */
export type Taker = {
  /** As it is called, in lower case; what stands before it may be anything. */
  readonly callee: string;
  /** Which argument is the secret, counted from 0. */
  readonly at: number;
  /** What it is called, unless another argument names it. */
  readonly name: string;
  /** The argument that names the secret: `buildConfigField("String", "API_KEY", "…")`. */
  readonly namedBy?: number;
  /** What the call has up to the secret: `page.fill("#password", "…")`. */
  readonly beside?: RegExp;
};

/** Which argument, under which name, and the functions. */
type TakerRow = readonly [at: number, name: string, callees: string];

/**
 * Sources: the references of PHP (mysqli, PDO, ftp, imap, ldap, oci8, ssh2, openssl), JDBC, JCA, Python (requests, smtplib,
 * pymysql, cryptography, PyCryptodome), Perl's DBI and LWP, Go (net/http, net/smtp, net/url, gorilla), .NET, Spring, Node's
 * crypto, jsonwebtoken, JJWT and Arduino's WiFi.
 */
const ROWS: readonly TakerRow[] = [
  [
    1,
    "password",
    `basicauth basic_auth digestauth basiccredentials usernamepasswordcredentials usernamepasswordtoken
    usernamepasswordauthenticationtoken passwordauthentication networkcredential passwordcredential pscredential
    withcredentials .authenticate .auth .login oci_connect oci_pconnect userpassword credentials.basic credentials::new
    authorization_basic basicauthcredentials wifi.begin usermanager.createasync sp_addlogin signinwithemailandpassword createuserwithemailandpassword`,
  ],
  [
    2,
    "password",
    `pdo mysqli mysqli_connect mysql_connect mysql_pconnect getconnection sequelize ftp_login ssh2_auth_password ldap_bind
    imap_open odbc_connect pymysql.connect mysqldb.connect dbi->connect env:connect plainauth createcredential ftplib.ftp`,
  ],
  [1, "password", "cx_oracle.connect oracledb.connect"],
  [4, "password", "jedispool"],
  [1, "password", "ks.load keystore.load truststore.load"],
  [3, "password", "mysql_real_connect mysqli_real_connect ua->credentials"],
  [0, "password", "passwordencoder().encode passwordencoder.encode generate_password_hash ssh.password"],
  [1, "bearer_token", "authenticationheadervalue"],
  [1, "secret", "awscredentials staticcredentials staticcredentialsprovider"],
  [
    0,
    "secret",
    `aes.new des3.new fernet secretkeyspec hmac256 hmac384 hmac512 hmacshakeyfor setsigningkey signedstring newcookiestore
    from_secret symmetricsecuritykey cookieparser pbekeyspec provideapikey hmac.new`,
  ],
  [
    1,
    "secret",
    `jwt.sign jwt.encode jwt::encode jwt.verify jwt.decode jwt::decode createhmac createcipheriv createdecipheriv
    createcipher createdecipher cryptojs.aes.encrypt cryptojs.aes.decrypt signwith hmac.new`,
  ],
  [2, "secret", "hash_hmac openssl_encrypt openssl_decrypt"],
];

export const TAKERS: readonly Taker[] = [
  ...ROWS.flatMap(([at, name, callees]) => callees.split(/\s+/).map((callee) => ({ callee, at, name }))),
  ...["buildconfigfield", "resvalue"].map((callee) => ({ callee, at: 2, name: "", namedBy: 1 })),
  ...[".setvalue", ".addvalue"].map((callee) => ({ callee, at: 0, name: "", namedBy: 1 })),
  ...["strcmp", "strncmp", "strcasecmp", "compare_digest", "secure_compare"].map((callee) => ({
    callee,
    at: 1,
    name: "",
    namedBy: 0,
  })),
  { callee: ".fill", at: 1, name: "password", beside: /pass(?:word|wd)?\b/i },
];
