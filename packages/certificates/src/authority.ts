import { generateKeyPair, randomBytes } from 'node:crypto'
import { isIP } from 'node:net'
import { promisify } from 'node:util'
import forge from 'node-forge'

/** A certificate authority that lives as long as the process: whoever trusts `cert` trusts all it issues. */
export interface Authority {
  /** Its own certificate, as PEM. */
  readonly cert: string
  issue(request: CertificateRequest): Promise<Credentials>
}

/** Whom a certificate is for, and for what. */
export interface CertificateRequest {
  /** Printable ASCII. RabbitMQ can take a client's for the name of a user. */
  readonly commonName: string
  /** The DNS names and IP addresses a server is found at. Default: none */
  readonly hosts?: readonly string[] | undefined
  /** Default: yesterday */
  readonly validFrom?: Date | undefined
  /** Default: tomorrow. In the past it makes an expired certificate. */
  readonly validTo?: Date | undefined
  /** The end of a connection it may stand for; the other end refuses it for more. Default: `'server'` */
  readonly purpose?: 'server' | 'client' | undefined
}

/** A certificate and its private key, as PEM. */
export interface Credentials {
  readonly cert: string
  readonly key: string
}

/** Creates an authority with a key of its own; two of the same name do not vouch for each other. */
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

/** A certificate that nobody but its own key vouches for. */
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
  // The first byte keeps the number positive and its DER the shortest.
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

/** The numbers are those of `GeneralName`. Source: https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.6 */
function alternativeName(host: string): object {
  return isIP(host) === 0 ? { type: 2, value: host } : { type: 7, ip: host }
}

/** Tells two authorities of the same name apart. */
function issuedBy(root: forge.pki.Certificate): object {
  return { name: 'authorityKeyIdentifier', keyIdentifier: root.generateSubjectKeyIdentifier().getBytes() }
}

function sign(unsigned: forge.pki.Certificate, privateKey: string): string {
  unsigned.sign(forge.pki.privateKeyFromPem(privateKey), forge.md.sha256.create())
  return forge.pki.certificateToPem(unsigned)
}

/** RSA, because node-forge signs with nothing else. */
function createKeys(): Promise<{ publicKey: string; privateKey: string }> {
  return promisify(generateKeyPair)('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
}
