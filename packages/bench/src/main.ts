import type { RabbitMQ } from '@leveret/testing'
import { type Effort, type Request, readArguments, UsageError } from './arguments.js'
import { findBroker } from './broker.js'
import { fairness } from './fairness/fairness.js'
import { growth } from './growth/growth.js'
import { install } from './install/install.js'
import { latency } from './latency/latency.js'
import { lowRateDeliveries, lowRateSends } from './latency/low-rates.js'
import { letters } from './letters/letters.js'
import { logs } from './logs/logs.js'
import { memory } from './memory/memory.js'
import { recovery } from './recovery/recovery.js'
import { tracing } from './tracing/tracing.js'
import { validation } from './validation/validation.js'
import { describeSetting } from './versions.js'
import { compare } from './work/compare.js'
import { consume } from './work/consume.js'
import { fanout } from './work/fanout.js'
import { publish } from './work/publish.js'
import { deadLetter, retry } from './work/retry.js'
import { rpc } from './work/rpc.js'
import { sendAll } from './work/send-all.js'
import type { Workload } from './work/work.js'

interface Program {
  readonly summary: string
  /** Resolves with the text to print. */
  readonly run: (broker: RabbitMQ, effort: Effort) => Promise<string>
}

const inTurn = (...runs: readonly Program['run'][]): Program['run'] => {
  return async (broker, effort) => {
    const tables: string[] = []
    for (const run of runs) tables.push(await run(broker, effort))
    return tables.join('\n\n')
  }
}

const comparison = (...workloads: readonly Workload[]): Program['run'] =>
  inTurn(
    ...workloads.map(
      (workload): Program['run'] =>
        async (broker, effort) =>
          compare(workload, broker, effort),
    ),
  )

const programs = {
  publish: { summary: 'confirmed publishing, compared with raw amqplib and other clients', run: comparison(publish) },
  consume: {
    summary: 'consuming with one ack for each message, compared with the same clients',
    run: comparison(consume),
  },
  rpc: { summary: 'requests and answers, compared with raw amqplib', run: comparison(rpc) },
  fanout: { summary: 'each message to ten listeners, compared with raw amqplib', run: comparison(fanout) },
  latency: {
    summary: 'latency from publish to handler, and CPU time at low rates, compared with other clients',
    run: inTurn(latency, comparison(lowRateSends, lowRateDeliveries)),
  },
  validation: { summary: 'cost of an order of 60 lines without a schema and with three libraries', run: validation },
  retry: { summary: 'cost of retries and dead letters', run: comparison(retry, deadLetter) },
  letters: { summary: 'replay of dead letters, compared with a move written by hand', run: letters },
  'send-all': { summary: 'a million messages from one source, compared with raw amqplib', run: comparison(sendAll) },
  fairness: { summary: 'ten producers on one connection, and the share of each', run: fairness },
  growth: { summary: 'cost of more messages and more roles', run: growth },
  install: { summary: 'packages, bytes and import time, compared with all clients', run: install },
  memory: { summary: 'time of tests on a broker in memory, and the heap over 10,000 of them', run: memory },
  tracing: { summary: 'cost of tracing, compared with amqplib and its instrumentation', run: tracing },
  logs: { summary: 'cost of a burst of log lines for an application', run: logs },
  recovery: { summary: 'time to recover from faults', run: recovery },
} satisfies Record<string, Program>

type Name = keyof typeof programs
const names = Object.keys(programs) as Name[]

const request = requested()
if (request?.do === 'help') console.log(help())
if (request?.do === 'measure') await measure(request.programs, request.effort)

function requested(): Request<Name> | undefined {
  try {
    return readArguments(process.argv.slice(2), names)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    console.error(`✗ ${error.message}\n\n${help()}`)
    process.exitCode = 1
    return undefined
  }
}

async function measure(chosen: readonly Name[], effort: Effort): Promise<void> {
  await using broker = await findBroker()
  console.log(`\n${await describeSetting(broker)}`)
  for (const name of chosen) {
    console.log(`\nmeasuring ${name} …\n`)
    console.log(await programs[name].run(broker, effort))
  }
}

function help(): string {
  return `npm run bench -- [program …] [option …]

programs, by default all of them:
${names.map((name) => `  ${name.padEnd(14)}${programs[name].summary}`).join('\n')}

options:
  --quick       fewer cases, messages and repetitions: a look, not a figure to quote
  --rounds n    rounds that count, of comparisons; by default 5, and 1 of a quick look
  --messages n  messages a run
  --queue type  classic or quorum: only such cases, of comparisons and latency
  --help        this text`
}
