import { once } from 'node:events'
import { createServer, connect as dialTcp } from 'node:net'
import tls from 'node:tls'
import { createAuthority, selfSigned } from '@leveret/certificates'
import { availableDrivers, type RabbitMQ, startRabbitMQ } from '@leveret/testing'
import { afterAll, beforeAll, describe, expect, onTestFinished } from 'vitest'
import { type ConnectTarget, connect, Producer, Worker } from '../../src/index.js'
import { eventually, fieldsOf, firstEvent, tasks, test } from '../support/support.js'

const authority = await createAuthority('leveret test CA')
const another = await createAuthority('another CA')
const alice = await authority.issue({ commonName: 'alice', purpose: 'client' })
const canStart = (await availableDrivers()).length > 0

/** Listens with TLS on a free port and leads to the broker, as a load balancer does. Notes the names it was asked for. */
async function front(options: tls.TlsOptions, to: string): Promise<{ port: number; asked: string[]; heard: Buffer[] }> {
  const asked: string[] = []
  const heard: Buffer[] = []
  const server = tls.createServer(options, (client) => {
    asked.push(client.servername || '')
    const { host, port = 0 } = fieldsOf(to)
    const upstream = dialTcp({ host, port })
    client.on('data', (bytes: Buffer) => heard.push(bytes))
    client.pipe(upstream).pipe(client)
    for (const socket of [client, upstream]) socket.on('error', () => undefined)
  })
  server.on('tlsClientError', () => undefined)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return { port: (server.address() as { port: number }).port, asked, heard }
}

describe.runIf(canStart)('a broker that speaks TLS', () => {
  let broker: RabbitMQ
  let url: string

  beforeAll(async () => {
    broker = await startRabbitMQ({
      tls: { ca: authority.cert, ...(await authority.issue({ commonName: 'broker', hosts: ['broker.test'] })) },
      plugins: ['rabbitmq_auth_mechanism_ssl'],
      config: ['auth_mechanisms.1 = PLAIN', 'auth_mechanisms.2 = EXTERNAL', 'ssl_cert_login_from = common_name'],
    })
    url = broker.tlsUrl ?? ''
  }, 120_000)
  afterAll(async () => await broker?.remove())

  const named = (servername: string): ConnectTarget => ({ ...fieldsOf(url), protocol: 'amqps', vhost: '/', servername })

  test('is trusted by its authority and the name asked for, and carries tasks', async ({ connectTo }) => {
    const rabbit = await connectTo({ tls: { ca: authority.cert } }, named('broker.test'))
    const worker = new Worker(rabbit, tasks, () => undefined)
    const acked = firstEvent(worker, 'delivery.acked')
    await worker.start()
    await new Producer(rabbit, tasks).send({ n: 1 })
    await acked
    const other = await connectTo({ tls: { ca: authority.cert, servername: 'broker.test' } }, url)
    expect(other.state).toBe('ready')
  })

  test('whose authority is unknown is refused at once, saying why', async () => {
    await expect(connect(named('broker.test'), { tls: { ca: another.cert } })).rejects.toMatchObject({
      name: 'ConnectionError',
      reason: 'tls',
      retryable: false,
      message: expect.stringMatching(/^Cannot connect to amqps:.*the certificate was not accepted \(SELF_SIGNED_CERT/),
    })
  })

  test('that has a certificate for another name is refused at once, naming it', async () => {
    await expect(connect(named('other.test'), { tls: { ca: authority.cert } })).rejects.toMatchObject({
      reason: 'tls',
      message: expect.stringContaining('broker.test'),
    })
  })

  test('knows who we are by our certificate, without a password', async ({ connectTo }) => {
    await broker.management.createUser('alice', 'S3cr3t, and never said')
    await broker.management.setPermissions('/', 'alice')
    const rabbit = await connectTo(
      { credentials: 'external', tls: { ca: authority.cert, ...alice } },
      named('broker.test'),
    )
    const connected = (): Promise<unknown> => broker.management.connections()
    await eventually(async () => expect(await connected()).toContainEqual(expect.objectContaining({ user: 'alice' })))
    await rabbit.close()
  })

  test('refuses to know us without a certificate, or by one of a user it does not have', async () => {
    const nobody = await authority.issue({ commonName: 'nobody', purpose: 'client' })
    for (const certificate of [{}, nobody]) {
      const options = { credentials: 'external', tls: { ca: authority.cert, ...certificate } } as const
      await expect(connect(named('broker.test'), options)).rejects.toMatchObject({
        reason: 'login-refused',
        retryable: false,
        message: expect.stringContaining('refused the client certificate'),
      })
    }
  })

  test('refuses a certificate that another authority has issued, and says so', async () => {
    const stranger = await another.issue({ commonName: 'alice', purpose: 'client' })
    const options = { credentials: 'external', tls: { ca: authority.cert, ...stranger } } as const
    await expect(connect(named('broker.test'), options)).rejects.toMatchObject({
      reason: 'tls',
      message: expect.stringMatching(/ended the TLS handshake \(tlsv1 alert unknown ca\).*tls\.cert/),
    })
  })

  test('is hinted at when amqp:// knocks at its port', async () => {
    const plain = { ...fieldsOf(url), protocol: 'amqp', vhost: '/' } as const
    // It answers with an alert and a reset, and either may arrive.
    await expect(connect(plain, { startupTimeoutMs: 500 })).rejects.toMatchObject({
      reason: expect.stringMatching(/protocol|unreachable/),
      message: expect.stringContaining('a TLS port? Then use amqps://'),
    })
  })
})

describe('TLS in front of a broker', () => {
  test('is asked for the name of each host', async ({ connectTo, vhost }) => {
    const hosts = ['localhost', 'one.test', 'two.test']
    const certificate = await authority.issue({ commonName: 'front', hosts })
    const fronts = await Promise.all(hosts.map(async () => await front(certificate, vhost.url)))
    const fields = { ...fieldsOf(vhost.url), protocol: 'amqps', host: 'localhost' } as const
    for (const [index, host] of hosts.entries()) {
      const { port = 0, asked = [] } = fronts[index] ?? {}
      const servername = host === 'localhost' ? undefined : host
      await connectTo({ tls: { ca: authority.cert } }, { ...fields, port, servername })
      expect(asked).toEqual([host])
    }
  })

  test('by IP address is verified by it', async ({ connectTo, vhost }) => {
    const right = await front(await authority.issue({ commonName: 'front', hosts: ['127.0.0.1'] }), vhost.url)
    const wrong = await front(await authority.issue({ commonName: 'front', hosts: ['127.0.0.2'] }), vhost.url)
    const fields = { ...fieldsOf(vhost.url), protocol: 'amqps', host: '127.0.0.1' } as const
    const options = { tls: { ca: authority.cert } }
    expect((await connectTo(options, { ...fields, port: right.port })).state).toBe('ready')
    await expect(connect({ ...fields, port: wrong.port }, options)).rejects.toMatchObject({ reason: 'tls' })
  })

  test('with an expired certificate is refused', async ({ vhost }) => {
    const validTo = new Date(Date.now() - 1_000)
    const expired = await authority.issue({ commonName: 'front', hosts: ['localhost'], validTo })
    const { port } = await front(expired, vhost.url)
    const target = { ...fieldsOf(vhost.url), protocol: 'amqps', host: 'localhost', port } as const
    await expect(connect(target, { tls: { ca: authority.cert } })).rejects.toMatchObject({
      reason: 'tls',
      message: expect.stringContaining('CERT_HAS_EXPIRED'),
    })
  })

  test.for([
    [
      'signed by itself',
      async () => await selfSigned({ commonName: 'front', hosts: ['localhost'] }),
      'DEPTH_ZERO_SELF',
    ],
    [
      'of an unknown authority',
      async () => await another.issue({ commonName: 'front', hosts: ['localhost'] }),
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    ],
    [
      'for another name',
      async () => await authority.issue({ commonName: 'front', hosts: ['other.test'] }),
      'ERR_TLS_CERT_ALTNAME_INVALID',
    ],
    [
      'for a client',
      async () => await authority.issue({ commonName: 'front', hosts: ['localhost'], purpose: 'client' }),
      'INVALID_PURPOSE',
    ],
  ] as const)(
    'with a certificate %s is refused at once, and receives nothing',
    async ([_what, issue, code], { vhost }) => {
      const { port, heard } = await front(await issue(), vhost.url)
      const target = { ...fieldsOf(vhost.url), protocol: 'amqps', host: 'localhost', port } as const
      for (const tls of [{ ca: authority.cert }, { ca: authority.cert, rejectUnauthorized: true }]) {
        await expect(connect(target, { tls })).rejects.toMatchObject({
          reason: 'tls',
          retryable: false,
          message: expect.stringContaining(code),
        })
      }
      expect(heard).toEqual([])
    },
  )

  test('is not verified by a URL that asks for less, nor by another scheme', async ({ vhost }) => {
    const { port } = await front(await selfSigned({ commonName: 'front', hosts: ['localhost'] }), vhost.url)
    const { pathname } = new URL(vhost.url)
    for (const query of ['insecure', 'verify=verify_none', 'rejectUnauthorized=false', 'fail_if_no_peer_cert=false']) {
      await expect(connect(`amqps://localhost:${port}${pathname}?${query}`)).rejects.toMatchObject({
        name: 'OptionsError',
      })
    }
    for (const scheme of ['amqpz', 'amqp+ssl', 'http', 'tls', 'amqp+insecure']) {
      await expect(connect(`${scheme}://localhost:${port}${pathname}`)).rejects.toMatchObject({ name: 'OptionsError' })
    }
    await expect(connect(`amqps://localhost:${port}${pathname}`)).rejects.toMatchObject({ reason: 'tls' })
  })

  test('older than 1.2 is refused, whatever is asked for', async ({ vhost }) => {
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const
    const certificate = await authority.issue({ commonName: 'front', hosts: ['localhost'] })
    const { port, asked } = await front({ ...certificate, ...old }, vhost.url)
    const target = { ...fieldsOf(vhost.url), protocol: 'amqps', host: 'localhost', port } as const
    const ca = authority.cert
    await expect(connect(target, { tls: { ca }, startupTimeoutMs: 300 })).rejects.toMatchObject({
      message: expect.stringMatching(/protocol|version/),
    })
    expect(asked).toEqual([])
    for (const minVersion of ['TLSv1', 'TLSv1.1']) {
      const tls = { ca, minVersion, ciphers: 'DEFAULT@SECLEVEL=0' } as object
      await expect(connect(target, { tls })).rejects.toMatchObject({ name: 'OptionsError' })
    }
    // It would have answered one who takes less.
    const careless = tls.connect({ ...old, ca, port, host: 'localhost' })
    await once(careless, 'secureConnect')
    expect(careless.getProtocol()).toBe('TLSv1.1')
    careless.destroy()
  })

  test('that accepts and never shakes hands is given up in time', async () => {
    const silent = createServer(() => undefined)
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void silent.close())
    const { port } = silent.address() as { port: number }
    const options = { connectTimeoutMs: 200, startupTimeoutMs: 300 }
    await expect(connect(`amqps://127.0.0.1:${port}`, options)).rejects.toMatchObject({ reason: 'timeout' })
  })

  test('a broker that offers no login by certificate is said to', async ({ connectTo }) => {
    await expect(connectTo({ credentials: 'external' })).rejects.toMatchObject({
      reason: 'login-refused',
      message: expect.stringContaining('rabbitmq_auth_mechanism_ssl'),
    })
  })
})
