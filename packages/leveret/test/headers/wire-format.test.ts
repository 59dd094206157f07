import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { z } from 'zod'
import {
  declarationsOf,
  type QueueDeclaration,
  stream,
  topicExchange,
  type WorkQueue,
  workQueue,
} from '../../src/index.js'
import { delayedSendingOf } from '../../src/topology/delay-levels.js'

const source = fileURLToPath(new URL('../../src', import.meta.url))
const page = readFileSync(new URL('../../../../docs/wire-format.md', import.meta.url), 'utf8')
const payload = z.object({ n: z.int() })

/** The rows of the tables under a heading, each a list of cells. */
function rowsUnder(heading: string): string[][] {
  const chapter = page.split(/^## /m).find((text) => text.startsWith(heading)) ?? ''
  const rows = chapter.split('\n').filter((line) => /^\| (?!---)/.test(line))
  return rows.map((line) => line.slice(2, -2).split(' | '))
}

/** The headers that the code names: those of letters, with what is computed as `<ms>`. */
function headersOfCode(): string[] {
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  const texts = files.map((file) =>
    readFileSync(join(source, file), 'utf8').replaceAll(/^\s*(\*|\/\/|\/\*\*).*$/gm, ''),
  )
  const names = texts.flatMap((text) => [...text.matchAll(/['`](leveret-[a-z-]*[a-z])(-\$\{[^}]+\})?['`]/g)])
  return [...new Set(names.map(([, name = '', computed]) => (computed === undefined ? name : `${name}-<ms>`)))].sort()
}

test('the page names each `leveret-` header of the code, and no other', () => {
  const named = rowsUnder('Headers').map(([name = '']) => /^`(leveret-[^`]+)`$/.exec(name)?.[1])
  const known = named.filter((name) => name !== undefined).sort()
  expect(known.length).toBeGreaterThan(20)
  expect(known).toEqual(headersOfCode())
})

/** Arguments as the page writes them, for example `x-queue-type: quorum`. */
function argumentsOnPage(what: string, replaced: Readonly<Record<string, string>>): string[] {
  const row = rowsUnder('Declared arguments').find(([cell]) => cell === what)
  const all = [...(row?.[1] ?? '').matchAll(/`(x-[^`]+)`/g)].map(([, text = '']) => text)
  const filled = Object.entries(replaced).reduce((texts, [from, to]) => texts.map((t) => t.replace(from, to)), all)
  return filled.sort()
}

const written = ({ arguments: args }: QueueDeclaration): string[] =>
  Object.entries(args)
    .map(([name, value]) => `${name}: ${value === '' ? '""' : value}`)
    .sort()

function queueOf(contract: Parameters<typeof declarationsOf>[0], name: string): QueueDeclaration {
  const found = declarationsOf(contract).find((each) => each.kind === 'queue' && each.name === name)
  if (found?.kind !== 'queue') throw new Error(`nothing declares ${name}`)
  return found
}

const usual = workQueue('q', { payload, retry: { delaysMs: [30_000] } })
const dead = { '<its dead-letter queue>': 'q.dead-letter' }

test.for<[what: string, contract: WorkQueue, name: string, replaced: Readonly<Record<string, string>>]>([
  ['a work queue or a durable subscription, quorum', usual, 'q', dead],
  [
    'the same, `deadLetter: false`, and the requests of a procedure',
    workQueue('q', { payload, deadLetter: false }),
    'q',
    {},
  ],
  ["the same, `queue: { settings: 'policy' }`", workQueue('q', { payload, queue: { settings: 'policy' } }), 'q', {}],
  ["the same, `queue: { type: 'classic' }`", workQueue('q', { payload, queue: { type: 'classic' } }), 'q', dead],
  ['`<queue>.dead-letter`, quorum', usual, 'q.dead-letter', {}],
  ['`<queue>.dead-letter`, classic', workQueue('q', { payload, deadLetter: { type: 'classic' } }), 'q.dead-letter', {}],
  ['`<queue>.retry.<ms>`', usual, 'q.retry.30000', { '<ms>': '30000', '<queue>': 'q' }],
])('the page has the arguments of %s', ([what, contract, name, replaced]) => {
  expect(argumentsOnPage(what, replaced)).toEqual(written(queueOf(contract, name)))
})

test('the page has the arguments of a stream with everything that it may keep', () => {
  const of = topicExchange('e', { '#': payload })
  const retention = { maxAge: '7D', maxBytes: 1, maxSegmentBytes: 1 }
  const kept = queueOf(stream('s', { of, bindingKeys: ['#'], retention }), 's')
  const names = Object.keys(kept.arguments).map((name) => (name === 'x-queue-type' ? 'x-queue-type: stream' : name))
  expect(argumentsOnPage('a stream', {})).toEqual(names.sort())
})

test('the page has the names and arguments of delays', () => {
  const declared = delayedSendingOf(usual, 2)
  const delays = declared.filter((each): each is QueueDeclaration => each.kind === 'queue' && each.part === 'delay')
  expect(delays.map(({ name }) => name)).toEqual([
    'leveret.delay.lost',
    'leveret.delay.250',
    'leveret.delay.500',
    'q.delayed',
  ])
  const [lost, lowest, second, arrival] = delays.map(written)
  expect(argumentsOnPage('`leveret.delay.lost`', {})).toEqual(lost)
  const level = (ms: string, below: string) =>
    argumentsOnPage('`leveret.delay.<ms>`', { '<ms>': ms, '<the exchange below>': below })
  expect(level('250', 'leveret.delay.arrived')).toEqual(lowest)
  expect(level('500', 'leveret.delay.250')).toEqual(second)
  const said = argumentsOnPage('`<queue>.delayed`', {})
  expect(said).toEqual(arrival?.filter((text) => /ttl|dead-letter-exchange/.test(text)))
})

test('the page has each kind of error that a reply may be', () => {
  const kinds = [
    ...(rowsUnder('Headers').find(([name]) => name === '`leveret-error`')?.[1] ?? '').matchAll(/`([^`]+)`/g),
  ]
  const answers = readFileSync(join(source, 'errors/rpc-errors.ts'), 'utf8')
  const remote = /export type RemoteFailure =([^\n]*(?:\n {2}\|[^\n]*)*)/.exec(answers)?.[1] ?? ''
  const told = [...remote.matchAll(/'([^']+)'/g)].map(([, kind]) => kind).filter((kind) => kind !== 'unknown')
  expect(kinds.map(([, kind]) => kind).sort()).toEqual(['declared', ...told].sort())
})
