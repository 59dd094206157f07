import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { type ConnectionOptions, connect, createServer, type TlsOptions } from 'node:tls'
import { type Authority, createAuthority, selfSigned } from '@leveret/certificates'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'

const dayMs = 24 * 60 * 60 * 1000
let authority: Authority

beforeAll(async () => {
  authority = await createAuthority('leveret test CA')
})

describe('the certificate of a server', () => {
  test('stands for its hosts and for no other', async () => {
    const { cert } = await authority.issue({ commonName: 'broker', hosts: ['broker.test', '127.0.0.1', '::1'] })
    const certificate = new X509Certificate(cert)
    expect(certificate.checkHost('broker.test')).toBe('broker.test')
    expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1')
    expect(certificate.checkIP('::1')).toBe('::1')
    expect(certificate.checkHost('other.test')).toBeUndefined()
    expect(certificate.checkIP('127.0.0.2')).toBeUndefined()
  })

  test('is accepted by who trusts its authority', async () => {
    const server = await authority.issue({ commonName: 'broker', hosts: ['broker.test'] })
    expect(await handshake(server, { ca: authority.cert, servername: 'broker.test' })).toBe('accepted')
  })

  test.each([
    ['expired', { validTo: new Date(Date.now() - 1_000) }, 'CERT_HAS_EXPIRED'],
    ['not yet valid', { validFrom: new Date(Date.now() + dayMs / 2) }, 'CERT_NOT_YET_VALID'],
    ['meant for a client', { purpose: 'client' as const }, 'INVALID_PURPOSE'],
  ])('is refused when it is %s', async (_what, request, code) => {
    const server = await authority.issue({ commonName: 'broker', hosts: ['broker.test'], ...request })
    expect(await handshake(server, { ca: authority.cert, servername: 'broker.test' })).toBe(code)
  })

  test('is refused when only its own key vouches for it', async () => {
    const server = await selfSigned({ commonName: 'broker', hosts: ['broker.test'] })
    expect(await handshake(server, { ca: authority.cert, servername: 'broker.test' })).toBe(
      'DEPTH_ZERO_SELF_SIGNED_CERT',
    )
  })

  test('is refused by who trusts another authority of the same name', async () => {
    const server = await authority.issue({ commonName: 'broker', hosts: ['broker.test'] })
    const { cert: ca } = await createAuthority('leveret test CA')
    expect(await handshake(server, { ca, servername: 'broker.test' })).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE')
  })
})

test('the certificate of a client says who it is', async () => {
  const server = await authority.issue({ commonName: 'broker', hosts: ['broker.test'] })
  const client = await authority.issue({ commonName: 'alice', purpose: 'client' })
  const asks = { ...server, ca: authority.cert, requestCert: true }
  expect(await handshake(asks, { ...client, ca: authority.cert, servername: 'broker.test' })).toBe('accepted alice')
})

/** Resolves with what the server says once both sides agree, or with the code of the client's refusal. */
async function handshake(options: TlsOptions, trust: ConnectionOptions): Promise<string> {
  const server = createServer(options, (socket) => {
    const { subject } = socket.getPeerCertificate()
    socket.end(['accepted', subject?.CN].join(' ').trim())
  })
  server.on('tlsClientError', () => {})
  onTestFinished(() => void server.close())
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const client = connect({ ...trust, host: '127.0.0.1', port: (server.address() as AddressInfo).port })
  return once(client, 'data').then(String, ({ code }: NodeJS.ErrnoException) => String(code))
}
