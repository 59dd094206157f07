import { createAuthority } from '@leveret/certificates'
import {
  attachRabbitMQ,
  availableDrivers,
  eventually,
  type RabbitMQ,
  startFaultProxy,
  startRabbitMQ,
} from '@leveret/testing'
import { test as withBroker } from '@leveret/testing/vitest'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { offeredMechanisms, openAmqpByCertificate } from './amqp-client.js'

const available = await availableDrivers()
const authority = await createAuthority('leveret test CA')
const another = await createAuthority('another CA')
const certificates = {
  ca: authority.cert,
  ...(await authority.issue({ commonName: 'broker', hosts: ['broker.test'] })),
}
const trusting = { ca: authority.cert, servername: 'broker.test' }
const alice = { commonName: 'alice', purpose: 'client' } as const

describe.each(['container', 'local'] as const)('a broker with certificates (%s)', (driver) => {
  describe.runIf(available.includes(driver))('as long as it lives', { timeout: 120_000 }, () => {
    let broker: RabbitMQ
    let tlsUrl: string

    beforeAll(async () => {
      broker = await startRabbitMQ({
        driver,
        tls: certificates,
        plugins: ['rabbitmq_auth_mechanism_ssl'],
        config: ['auth_mechanisms.1 = PLAIN', 'auth_mechanisms.2 = EXTERNAL', 'ssl_cert_login_from = common_name'],
      })
      tlsUrl = broker.tlsUrl ?? ''
    }, 120_000)
    afterAll(async () => {
      await broker.remove()
    })

    test('says where it listens with TLS', async () => {
      expect(tlsUrl).toMatch(/^amqps:\/\/guest:guest@[\w.]+:\d+$/)
      expect(broker.nodes).toMatchObject([{ tlsUrl }])
      expect(await attachRabbitMQ(broker.address)).toMatchObject({ tlsUrl })
    })

    test('answers a client that trusts its authority, certificate or not', async () => {
      const client = await authority.issue(alice)
      expect(await offeredMechanisms(tlsUrl, trusting)).toContain('PLAIN')
      expect(await offeredMechanisms(tlsUrl, { ...trusting, ...client })).toContain('EXTERNAL')
    })

    test('is refused by a client that trusts another authority', async () => {
      const offered = offeredMechanisms(tlsUrl, { ...trusting, ca: another.cert })
      await expect(offered).rejects.toMatchObject({ code: 'SELF_SIGNED_CERT_IN_CHAIN' })
    })

    test('refuses a client whose certificate another authority has issued', async () => {
      const client = await another.issue(alice)
      await expect(offeredMechanisms(tlsUrl, { ...trusting, ...client })).rejects.toThrow(/unknown ca/)
    })

    test('knows by its certificate who a client is', async () => {
      await broker.management.createUser('alice', 'never said')
      await broker.management.setPermissions('/', 'alice')
      const client = await openAmqpByCertificate(tlsUrl, { ...trusting, ...(await authority.issue(alice)) })
      await eventually(async () => expect(await broker.management.connections()).toMatchObject([{ user: 'alice' }]))
      client.destroy()
    })

    test('can be reached through a fault proxy, which passes TLS as it is', async () => {
      await using proxy = await startFaultProxy({ to: tlsUrl })
      expect(proxy.url).toMatch(/^amqps:\/\/guest:guest@127\.0\.0\.1:\d+$/)
      const client = await openAmqpByCertificate(proxy.url, { ...trusting, ...(await authority.issue(alice)) })
      proxy.reset()
      expect(await client.closed).toBe('')
      await eventually(() => expect(proxy.connections).toBe(0))
    })

    test('keeps its URL when it is killed and started, and when it is restarted', async () => {
      await broker.kill()
      await broker.start()
      expect(await offeredMechanisms(tlsUrl, trusting)).toContain('PLAIN')

      await broker.restart()
      expect(await offeredMechanisms(tlsUrl, trusting)).toContain('PLAIN')
      expect(broker.tlsUrl).toBe(tlsUrl)
    })
  })
})

withBroker('a broker that is configured to require a certificate does so, and is ready', async ({ startBroker }) => {
  const config = ['ssl_options.fail_if_no_peer_cert = true', 'ssl_options.versions.1 = tlsv1.2']
  const { tlsUrl = '' } = await startBroker({ tls: certificates, config })

  const client = await authority.issue(alice)
  expect(await offeredMechanisms(tlsUrl, { ...trusting, ...client })).toContain('PLAIN')
  await expect(offeredMechanisms(tlsUrl, trusting)).rejects.toThrow(/handshake failure/)
})

test('a key of another certificate is refused before anything is started', async () => {
  const { key } = await another.issue(alice)
  await expect(startRabbitMQ({ tls: { ...certificates, key } })).rejects.toThrow('key values mismatch')
})
