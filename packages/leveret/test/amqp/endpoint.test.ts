import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { describeEndpoint, parseEndpoint } from '../../src/amqp/endpoint.js'
import { OptionsError } from '../../src/errors/options-error.js'

const SPECIAL = [':', '/', '?', '#', '[', ']', '@', '%', '+', '$', '&', '=', 'é', '日', ' ', '"', '\\']

describe('a URL', () => {
  test.each(SPECIAL)('carries %s in user, password and vhost when it is encoded', (character) => {
    const part = `a${character}b`
    const encoded = encodeURIComponent(part)
    const endpoint = parseEndpoint(`amqp://${encoded}:${encoded}@host:1234/${encoded}`)
    expect(endpoint).toMatchObject({ host: 'host', port: 1234, vhost: part })
    expect(endpoint.login.response().toString()).toBe(`\0${part}\0${part}`)
  })

  test.each([
    ['amqp://h', '/'],
    ['amqp://h/', '/'],
    ['amqp://h//', '/'],
    ['amqp://h/%2F', '/'],
    ['amqp://h/%2f', '/'],
    ['amqp://h/shop', 'shop'],
  ])('%s names the vhost %s', (url, vhost) => {
    expect(parseEndpoint(url).vhost).toBe(vhost)
  })

  test.each([
    ['amqp://h', { protocol: 'amqp', host: 'h', port: 5672 }],
    ['amqps://h', { protocol: 'amqps', host: 'h', port: 5671 }],
    ['amqp://[::1]:99', { host: '::1', port: 99 }],
    ['amqp://127.0.0.1', { host: '127.0.0.1' }],
    ['AMQP://H', { protocol: 'amqp' }],
    ['amqp://', { host: 'localhost', port: 5672 }],
    ['amqp://h?heartbeat=7', { heartbeatSeconds: 7 }],
  ])('%s is %j', (url, expected) => {
    expect(parseEndpoint(url)).toMatchObject(expected)
  })

  test.each([
    ['amqp://guest:pa#ss@h', '%23'],
    ['amqp://guest:pa/ss@h', '%2F'],
    ['amqp://guest:12?ss@h', '%3F'],
    ['amqp://guest:pa%ss@h', '%25'],
    ['amqp://h/a/b', '%2F'],
    ['http://guest:pass@h', "'amqp://' or 'amqps://'"],
    ['amqp:h', "'amqp://' or 'amqps://'"],
    ['', 'no broker was given'],
    ['amqp://h:port', 'port'],
    ['amqp://h:70000', 'port'],
    ['amqp://h?verify=none', "'verify'"],
    ['amqp://h?heartbeat=soon', 'heartbeat'],
  ])('%s is refused, saying what to do', (url, hint) => {
    expect(() => parseEndpoint(url)).toThrow(OptionsError)
    expect(() => parseEndpoint(url)).toThrow(hint)
  })

  test.each([
    'amqp://guest:s3cret%40h/x#',
    'amqp://ann:s3cret',
    'amqp://guest:s3cret#x@h',
    'amqp://guest:s3cret/x@h',
    'http://guest:s3cret@h',
    'amqp://guest:s3cret%zz@h',
    'amqp://guest@h?password=s3cret',
    'amqp://h?password=s3cret',
    'amqp://guest:p@ss?s3cret@h',
  ])('%s is refused without showing the password', (url) => {
    try {
      parseEndpoint(url)
      expect.unreachable()
    } catch (error) {
      expect(inspect(error, { depth: null })).not.toContain('s3cret')
    }
  })
})

describe('fields', () => {
  test('need no encoding and default to the broker of this machine', () => {
    expect(parseEndpoint({})).toMatchObject({ protocol: 'amqp', host: 'localhost', port: 5672, vhost: '/' })
    expect(parseEndpoint({ vhost: 'a/b', password: 'p@ss' }).login.response().toString()).toBe('\0guest\0p@ss')
  })

  test.each([
    { port: 0 },
    { port: 1.5 },
    { host: '' },
    { protocol: 'toString' as 'amqp' },
    { hostname: 'h' },
    { password: 5 as unknown as string },
  ])('%j is refused', (fields) => {
    expect(() => parseEndpoint(fields)).toThrow(OptionsError)
  })
})

test('an endpoint shows its password nowhere', () => {
  const endpoint = parseEndpoint('amqp://ann:s3cret@h/shop')
  for (const text of [
    inspect(endpoint, { depth: null, showHidden: true }),
    JSON.stringify(endpoint),
    describeEndpoint(endpoint),
  ]) {
    expect(text).toContain('ann')
    expect(text).not.toContain('s3cret')
  }
})
