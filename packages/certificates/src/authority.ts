import { generateKeyPair, randomBytes } from 'node:crypto'
import { isIP } from 'node:net'
import { promisify } from 'node:util'
import forge from 'node-forge'

/**
 * A certificate authority that lives as long as the process. A client that trusts `cert` trusts all certificates that
 * it issues.
 */
export interface Authority {
  /** Certificate of the authority, as PEM. */
  readonly cert: string
  issue(request: CertificateRequest): Promise<Credentials>
}

/** Subject and purpose of a certificate. */
export interface CertificateRequest {
  /** Name of the subject, in printable ASCII. RabbitMQ can use that of a client as a user name. */
  readonly commonName: string
  /** DNS names and IP addresses of a server. @defaultValue none */
  readonly hosts?: readonly string[] | undefined
  /** Start of the validity. @defaultValue yesterday */
  readonly validFrom?: Date | undefined
  /** End of the validity. A time in the past makes an expired certificate. @defaultValue tomorrow */
  readonly validTo?: Date | undefined
  /** End of a connection that the certificate is for. The peer refuses it for the other end. @defaultValue 'server' */
  readonly purpose?: 'server' | 'client' | undefined
}

/** A certificate and its private key, as PEM. */
export interface Credentials {
  readonly cert: string
  readonly key: string
}

/** Creates an authority with its own key. Two authorities of one name do not trust each other's certificates. */
export async function createAuthority(commonName: string): Promise<Authority> {
  const keys = await createKeys()
  const root = certificate({ commonName }, keys.publicKey)
  root.setIssuer(root.subject.attributes)
  root.setExtensions([
    { name: 'basicConstraints', critical: true, cA: true },
    { name: 'keyUsage', critical: true, keyCertSign: true, cRLSign: true },
    { name: 'subjectKeyIdentifier' },
  ])
  return {
    cert: sign(root, keys.privateKey),
    issue: async (request) => {
      const { publicKey, privateKey } = await createKeys()
      const leaf = certificate(request, publicKey)
      leaf.setIssuer(root.subject.attributes)
      leaf.setExtensions([...leafExtensions(request), issuedBy(root)])
      return { cert: sign(leaf, keys.privateKey), key: privateKey }
    },
  }
}

/** Creates a certificate that is signed with its own key only. */
export async function selfSigned(request: CertificateRequest): Promise<Credentials> {
  const { publicKey, privateKey } = await createKeys()
  const leaf = certificate(request, publicKey)
  leaf.setIssuer(leaf.subject.attributes)
  leaf.setExtensions(leafExtensions(request))
  return { cert: sign(leaf, privateKey), key: privateKey }
}

const dayMs = 24 * 60 * 60 * 1000

function certificate(request: CertificateRequest, publicKey: string): forge.pki.Certificate {
  const made = forge.pki.createCertificate()
  made.publicKey = forge.pki.publicKeyFromPem(publicKey)
  // The first byte keeps the number positive and its DER form shortest.
  made.serialNumber = `01${randomBytes(15).toString('hex')}`
  made.validity.notBefore = request.validFrom ?? new Date(Date.now() - dayMs)
  made.validity.notAfter = request.validTo ?? new Date(Date.now() + dayMs)
  made.setSubject([{ name: 'commonName', value: request.commonName }])
  return made
}

function leafExtensions({ hosts = [], purpose = 'server' }: CertificateRequest): object[] {
  const usage = purpose === 'server' ? { serverAuth: true } : { clientAuth: true }
  const names = { name: 'subjectAltName', altNames: hosts.map(alternativeName) }
  return [
    { name: 'basicConstraints', critical: true, cA: false },
    { name: 'keyUsage', critical: true, digitalSignature: true, keyEncipherment: true },
    { name: 'extKeyUsage', ...usage },
    ...(hosts.length === 0 ? [] : [names]),
  ]
}

/** Returns a name with its number in `GeneralName`. Source: https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.6 */
function alternativeName(host: string): object {
  return isIP(host) === 0 ? { type: 2, value: host } : { type: 7, ip: host }
}

/** Returns the extension that distinguishes two authorities of one name. */
function issuedBy(root: forge.pki.Certificate): object {
  return { name: 'authorityKeyIdentifier', keyIdentifier: root.generateSubjectKeyIdentifier().getBytes() }
}

function sign(unsigned: forge.pki.Certificate, privateKey: string): string {
  unsigned.sign(forge.pki.privateKeyFromPem(privateKey), forge.md.sha256.create())
  return forge.pki.certificateToPem(unsigned)
}

/** Creates RSA keys, because node-forge signs with no others. */
function createKeys(): Promise<{ publicKey: string; privateKey: string }> {
  return promisify(generateKeyPair)('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
}
