import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { parseEndpoint } from '../../src/amqp/endpoint.js'
import { TemplateContracts } from '../../src/contract/exchanges/template-contracts.js'
import { moveOptions } from '../../src/dead-letters/letter-options.js'
import {
  connect,
  directExchange,
  exchange,
  fanoutExchange,
  headersExchange,
  OptionsError,
  procedure,
  stream,
  subscription,
  topicExchange,
  workQueue,
} from '../../src/index.js'
import { parseOptions } from '../../src/options.js'
import { messageOptions } from '../../src/publishing/compose.js'

const payload = z.object({ n: z.int() })
const made = { payload }
const anyTopic = topicExchange('e', { '#': payload })
const anyFanout = fanoutExchange('e', made)
const anyHeaders = headersExchange('e', { headers: z.looseObject({}), payload })

/** All that goes over the wire as a name. */
const NAMES: readonly (readonly [what: string, describe: (name: string) => unknown])[] = [
  ['a work queue', (name) => workQueue(name, made)],
  ['a dead-letter queue', (name) => workQueue('q', { payload, deadLetter: { queue: name } })],
  ['the name of an argument', (name) => workQueue('q', { payload, queue: { arguments: { [name]: 1 } } })],
  ['a version', (name) => workQueue('q', { payload, version: name })],
  [
    'a content type',
    (name) => workQueue('q', { payload, codec: { contentType: name, encode: Buffer.from, decode: String } }),
  ],
  ['a procedure', (name) => procedure(name, { request: payload, response: payload })],
  ['a fanout exchange', (name) => fanoutExchange(name, made)],
  ['a direct exchange', (name) => directExchange(name, { key: payload })],
  ['a topic exchange', (name) => topicExchange(name, { key: payload })],
  ['a headers exchange', (name) => headersExchange(name, { headers: z.object({}), payload })],
  ['an alternate exchange', (name) => fanoutExchange('e', { payload, alternate: name })],
  ['a source exchange', (name) => fanoutExchange('e', { payload, boundTo: [{ exchange: name }] })],
  [
    'a binding key of a source',
    (name) => fanoutExchange('e', { payload, boundTo: [{ exchange: 's', bindingKey: name }] }),
  ],
  ['a routing key', (name) => directExchange('e', { [name]: payload })],
  ['a template', (name) => topicExchange('e', { [`${name}.*`]: payload })],
  ['a published routing key', (name) => new TemplateContracts(topicExchange('e', { '#': payload })).ofPublished(name)],
  ['a binding key', (name) => subscription('q', { of: anyTopic, bindingKeys: [name] })],
  ['a header of a binding', (name) => subscription('q', { of: anyHeaders, headers: [{ [name]: 1 }] })],
  ['a subscription', (name) => subscription(name, { of: anyFanout })],
  ['a stream', (name) => stream(name, { of: anyFanout })],
  ['an exchange of a plugin', (name) => exchange(name, { type: 'x-local-random', payload })],
  ['a type of exchanges', (name) => exchange('e', { type: `x-${name}`, payload })],
  ['the queue of moved letters', (name) => parseOptions(moveOptions, { to: name }, 'move')],
  ['a message id', (name) => parseOptions(messageOptions, { messageId: name }, 'send')],
  ['a correlation id', (name) => parseOptions(messageOptions, { correlationId: name }, 'send')],
  ['the name of a header', (name) => parseOptions(messageOptions, { headers: { [name]: 1 } }, 'send')],
  ['a vhost', (name) => parseEndpoint({ vhost: name })],
]

describe.each(NAMES)('%s', (_what, describeIt) => {
  test('may be any other text', () => {
    expect(() => describeIt('naïve 日本 😀 \t name')).not.toThrow()
  })

  test.each(['a\nb', 'a\r\nb', 'a\u2028b'])('with a line end is refused, on one line: %j', (name) => {
    const error = errorOf(() => describeIt(name))
    expect(error).toBeInstanceOf(OptionsError)
    expect(error).toMatchObject({ message: expect.stringMatching(/^.*line end.*$/) })
  })

  test.each(['a\ud800', '\udc00b', '\ude00\ud83d'])('with half a character is refused: %j', (name) => {
    const error = errorOf(() => describeIt(name))
    expect(error).toBeInstanceOf(OptionsError)
    expect(error).toMatchObject({ message: expect.stringContaining('lone surrogate') })
  })
})

function errorOf(act: () => unknown): unknown {
  try {
    act()
    return undefined
  } catch (error) {
    return error
  }
}

describe('connect', () => {
  test.each([undefined, null, '', ' ', 'undefined', 'null'])('says what to do when it is given %j', async (target) => {
    for (const given of [target, [target], ['amqp://one', target]]) {
      await expect(connect(given as never)).rejects.toMatchObject({
        name: 'OptionsError',
        message: expect.stringMatching(/environment variable.*amqp:\/\/user:password@host/),
      })
    }
  })

  test.each([
    'amqp://ann:s3cret@one,amqp://ann:s3cret@two',
    'amqp://ann:s3cret@one amqps://ann:s3cret@two',
    'amqp://ann:s3cret@one:5672;amqp://ann:s3cret@two:5672/shop',
    'amqp://ann:s3cret@one,two',
    'amqp://ann:s3cret@one:5672,two:5672/shop',
    'amqp://one,two',
  ])('says what to do when several brokers are in one string: %s', async (url) => {
    const error: unknown = await connect(url).catch((reason: unknown) => reason)
    expect(error).toMatchObject({ name: 'OptionsError', message: expect.stringContaining("['amqp://") })
    expect(String(error)).not.toContain('s3cret')
  })

  test('takes a comma in a password', () => {
    expect(parseEndpoint('amqp://ann:a,b@one').host).toBe('one')
  })
})
