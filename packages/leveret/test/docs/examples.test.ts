import { describe, expect, test } from 'vitest'
import { examples } from './documents.js'
import { holdBlocks } from './programs.js'

/** Where a program begins: what an editor shows there has a program that can be copied. */
const ENTRIES = [
  ...['connect', 'closeOnSignals', 'application', 'declare'],
  ...['workQueue', 'fanoutExchange', 'directExchange', 'topicExchange', 'headersExchange', 'exchange'],
  ...['subscription', 'stream', 'procedure'],
  ...['Producer', 'Worker', 'Publisher', 'Subscriber', 'RpcClient', 'RpcServer', 'DeadLetters'],
]

const found = examples()

describe('the doc comments', () => {
  test('have an example for each entry point', () => {
    expect(ENTRIES.filter((name) => !found.has(name))).toEqual([])
  })
})

describe('the examples of doc comments', () => {
  holdBlocks([...found.values()])
})
