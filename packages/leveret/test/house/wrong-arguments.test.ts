import { describe, expect } from 'vitest'
import { z } from 'zod'
import * as leveret from '../../src/index.js'
import { eventually, tasks, test } from '../support/support.js'

/** The package as a program without types has it. */
type Anything = (...args: unknown[]) => unknown
type Untyped = Record<string, Anything & (new (...args: unknown[]) => Record<string, Anything>)>
const { Worker, Subscriber, Producer, Publisher, RpcClient, RpcServer, DeadLetters } = leveret as unknown as Untyped
const { Retry, ProcedureError, isErrorOf, policyOf, dryRun, connect } = leveret as unknown as Untyped
const { workQueue, topicExchange, fanoutExchange, procedure, stream, subscription } = leveret as unknown as Untyped

const shop = leveret.topicExchange('shop', { 'order.created': z.string(), 'audit.#': z.string() })
const levels = leveret.directExchange('levels', { info: z.string() })
const news = leveret.fanoutExchange('news', { payload: z.string() })
const get = leveret.procedure('get', { request: z.int(), response: z.int(), errors: { Gone: z.string() } })
const handler = (): number => 1

type Case = readonly [what: string, act: (rabbit: leveret.Connection) => unknown, sentence: string]

const make = (role: (new (...args: unknown[]) => unknown) | undefined, ...args: unknown[]): unknown =>
  Reflect.construct(role ?? Object, args)

const CASES: Readonly<Record<string, readonly Case[]>> = {
  connect: [
    ['nothing', () => connect?.(), 'connect: no broker was given. Check the environment variable'],
    ['an unset variable in a template', () => connect?.('undefined'), 'connect: no broker was given'],
    [
      'several URLs in one text',
      () => connect?.('amqp://a,amqp://b'),
      'the URL names several brokers: pass a list of URLs',
    ],
    [
      'a promise',
      () => connect?.(Promise.resolve('amqp://a')),
      'the broker is a promise: expected a URL, fields, or a list of them. Await it',
    ],
    [
      'a URL object',
      () => connect?.(new URL('amqp://a')),
      'the broker is a URL object: expected a URL, fields, or a list of them. Give its text, url.href',
    ],
    ['a number', () => connect?.(5_672), 'the broker is a number: expected a URL'],
    [
      'options first',
      () => connect?.({ name: 'shop' }, 'amqp://a'),
      'connect: the options are a text: expected an object',
    ],
  ],
  'the connection of a role': [
    [
      'not awaited',
      () => make(Worker, Promise.resolve(), tasks, handler),
      'The connection is a promise: expected the connection that connect() resolves with. Await it: `await connect(…)`',
    ],
    [
      'a URL',
      () => make(Producer, 'amqp://a:S3cr3t@b', tasks),
      'The connection is a text: expected the connection that connect() resolves with, as the first argument',
    ],
    ['connect itself', () => make(RpcClient, connect, get), 'The connection is a function: expected the connection'],
    [
      'a role',
      (rabbit) => make(Worker, make(Producer, rabbit, tasks), tasks, handler),
      'The connection is a role of leveret',
    ],
  ],
  'arguments in another order': [
    [
      'of a Worker',
      (rabbit) => make(Worker, tasks, rabbit, handler),
      'Worker: the contract is a connection of leveret: expected one made by workQueue(). The connection comes before it',
    ],
    [
      'of a Worker with its handler first',
      (rabbit) => make(Worker, rabbit, handler, tasks),
      'Worker: the contract is a function: expected one made by workQueue(). The handler comes after it',
    ],
    [
      'of a Worker with its options first',
      (rabbit) => make(Worker, rabbit, tasks, {}, handler),
      'Worker: the options are a function: expected an object',
    ],
    [
      'of a Subscriber',
      (rabbit) => make(Subscriber, shop, rabbit, handler),
      'Subscriber: the contract is a connection',
    ],
    [
      'of a Subscriber with its options first',
      (rabbit) => make(Subscriber, rabbit, shop, { bindingKeys: ['#'] }, handler),
      'Subscriber: the handler is an object: expected a function. It comes after the contract, before the options',
    ],
    ['of a Producer', (rabbit) => make(Producer, tasks, rabbit), 'Producer: the contract is a connection'],
    ['of a Publisher', (rabbit) => make(Publisher, shop, rabbit), 'Publisher: the contract is a connection'],
    ['of an RpcServer', (rabbit) => make(RpcServer, get, rabbit, handler), 'RpcServer: the contract is a connection'],
    ['of DeadLetters', (rabbit) => make(DeadLetters, tasks, rabbit), 'DeadLetters: the contract is a connection'],
    ['of dryRun', (rabbit) => dryRun?.(tasks, rabbit), 'dryRun: the contract is a connection'],
    ['of isErrorOf', () => isErrorOf?.(new Error('x'), get), 'isErrorOf: the contract is an object'],
    ['of a ProcedureError', () => make(ProcedureError, 'Gone', get), 'ProcedureError: the contract is a text'],
    [
      'of send',
      (rabbit) => new leveret.Producer(rabbit, tasks).send({ delayMs: 1 } as never, { n: 1 } as never),
      'send: there is no option n',
    ],
    [
      'of publish',
      (rabbit) => new leveret.Publisher(rabbit, shop).publish('a text' as never, 'order.created' as never),
      'publish: no template of the exchange \'shop\' matches the routing key "a text"',
    ],
  ],
  'what is none': [
    [
      'a handler that was called',
      (rabbit) => make(Worker, rabbit, tasks, Promise.resolve()),
      'the handler is a promise: expected a function, not the result of calling it',
    ],
    [
      'a schema for a contract',
      (rabbit) => make(Worker, rabbit, z.string(), handler),
      'Worker: the contract is a schema: expected one made by workQueue(). A schema is only a part of a contract',
    ],
    [
      'another kind of contract',
      (rabbit) => make(Producer, rabbit, shop),
      'Producer: the contract is a contract of the kind exchange',
    ],
    ['policyOf an exchange', () => policyOf?.(shop), 'policyOf: the contract is a contract of the kind exchange'],
    [
      'options null',
      (rabbit) => make(Subscriber, rabbit, news, handler, null),
      'Subscriber: the options are null: expected an object',
    ],
    [
      'a listener',
      (rabbit) => rabbit.on('closed', undefined as never),
      "on: the listener of 'closed' is undefined: expected a function",
    ],
    [
      'a text payload for fanout with a key',
      (rabbit) => new leveret.Publisher(rabbit, news).publish('key', 'text' as never),
      'publish: the options are a text: expected an object',
    ],
    [
      'a source of tasks',
      (rabbit) => new leveret.Producer(rabbit, tasks).sendAll({ n: 1 } as never),
      'sendAll: the tasks are an object: expected a list, or another source of them',
    ],
    [
      'a generator that was not called',
      (rabbit) => new leveret.Producer(rabbit, tasks).sendAll(function* () {} as never),
      'sendAll: the tasks are a function: expected a list, or another source of them. Call it, if it is a generator',
    ],
    [
      'sendAll options null',
      (rabbit) => new leveret.Producer(rabbit, tasks).sendAll([], null as never),
      'sendAll: the options are null',
    ],
    [
      'onFailure',
      (rabbit) => new leveret.Producer(rabbit, tasks).sendAll([], { onFailure: 5 as never }),
      'sendAll: onFailure: expected a function',
    ],
    [
      'the options of a contract',
      () => workQueue?.('x', z.string()),
      "workQueue('x'): the options are a schema: expected an object with the schema in it",
    ],
    ['the options of an exchange', () => fanoutExchange?.('x'), "fanoutExchange('x'): the options are undefined"],
    [
      'the templates of an exchange',
      () => topicExchange?.('x', [z.string()]),
      "topicExchange('x'): Invalid input: expected record, received array",
    ],
    ['the options of a procedure', () => procedure?.('x'), "procedure('x'): the options are undefined"],
    [
      'a filter where options are expected',
      (rabbit) => new leveret.DeadLetters(rabbit, tasks).replay((() => true) as never),
      'replay: the options are a function',
    ],
    [
      'Retry without a delay',
      () => make(Retry),
      'Retry: expected { afterMs }, a number of milliseconds, and afterMs is undefined',
    ],
    [
      'a code that the procedure does not declare',
      () => make(ProcedureError, get, 'Gonne', 'x'),
      "ProcedureError: the code is 'Gonne': the procedure 'get' declares Gone",
    ],
  ],
  'a binding key that can match nothing': [
    [
      'of a topic exchange',
      (rabbit) => make(Subscriber, rabbit, shop, handler, { bindingKeys: ['order.#', 'oder.#'] }),
      "Subscriber: the binding key 'oder.#' can match no message of the topic exchange 'shop', whose templates are 'order.created', 'audit.#'",
    ],
    [
      'with a * within a word',
      (rabbit) => make(Subscriber, rabbit, shop, handler, { bindingKeys: ['order*'] }),
      "'*' and '#' stand for whole words, between dots",
    ],
    [
      'of a direct exchange',
      (rabbit) => make(Subscriber, rabbit, levels, handler, { bindingKeys: ['inf*'] }),
      'A direct exchange has no patterns',
    ],
    [
      'of a subscription',
      () => make(subscription, 'q', { of: shop, bindingKeys: ['audits'] }),
      "the binding key 'audits' can match no message",
    ],
    [
      'of a stream',
      () => make(stream, 's', { of: shop, bindingKeys: ['audits'] }),
      "the binding key 'audits' can match no message",
    ],
  ],
}

describe.for(Object.keys(CASES))('%s', (group) => {
  test.for([...(CASES[group] ?? [])])(
    '%s is one sentence that says so, and nothing was done',
    async ([_what, act, sentence], { rabbit, vhost }) => {
      const acting = (async () => await act(rabbit))()
      await expect(acting).rejects.toMatchObject({ name: 'OptionsError', retryable: false })
      await expect(acting).rejects.toThrow(sentence)
      await expect(acting).rejects.not.toThrow('S3cr3t')
      await eventually(async () => expect(await vhost.queues()).toEqual([]))
    },
  )
})

test('a binding key that can match something is taken, also one that the contract says otherwise', async ({
  rabbit,
}) => {
  for (const key of ['#', '*.created', 'order.*', 'audit', 'audit.a.b', '#.created']) {
    expect(() => make(Subscriber, rabbit, shop, handler, { bindingKeys: [key] })).not.toThrow()
  }
})
