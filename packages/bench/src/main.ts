import type { RabbitMQ } from '@leveret/testing'
import { type Effort, type Request, readArguments, UsageError } from './arguments.js'
import { findBroker } from './broker.js'
import { recovery } from './recovery/recovery.js'
import { describeSetting } from './versions.js'
import { compare } from './work/compare.js'
import { consume } from './work/consume.js'
import { publish } from './work/publish.js'
import type { Workload } from './work/work.js'

interface Program {
  readonly summary: string
  /** Resolves with what is to be printed. */
  readonly run: (broker: RabbitMQ, effort: Effort) => Promise<string>
}

const comparison = (workload: Workload): Program['run'] => {
  return async (broker, effort) => await compare(workload, broker, effort)
}

const programs = {
  publish: { summary: 'confirmed publishing, beside raw amqplib', run: comparison(publish) },
  consume: { summary: 'consuming with an ack a message, beside raw amqplib', run: comparison(consume) },
  recovery: { summary: 'how long after a fault leveret is itself again', run: recovery },
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
  --quick       fewer messages and repetitions: a look, not a figure to quote
  --rounds n    rounds that count, of publish and consume; by default 5
  --messages n  messages a run, of publish and consume
  --help        this text`
}
