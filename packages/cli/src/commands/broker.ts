import { once } from 'node:events'
import type { Version } from '@leveret/memory-broker'
import { Option } from 'commander'
import { acts, command, type Runner } from '../program/command.js'
import type { Context } from '../program/context.js'
import { EXIT, type ExitCode, NotDoneError } from '../program/failure.js'
import { jsonText } from '../terminal/json.js'

interface BrokerCommandOptions {
  readonly port: string
  readonly managementPort: string
  readonly like: Version
  readonly json?: boolean
}

/** `leveret broker` */
export function brokerCommand(runner: Runner) {
  const made = command(
    'broker',
    'Runs a broker in memory that behaves like RabbitMQ, until Ctrl-C: for tests and tries. Nothing is kept.',
    ['leveret broker --port 0 --management-port 0'],
  )
  made
    .option('--port <port>', 'of AMQP; 0 for a free one', '5672')
    .option('--management-port <port>', 'of the management API; 0 for a free one', '15672')
    .addOption(new Option('--like <version>', 'of RabbitMQ').choices(['3.10', '4.0', '4.3']).default('4.3'))
    .option('--json', 'write where it is as JSON')
  return acts(made, runner, runBroker)
}

async function runBroker(
  { terminal, signal }: Context,
  { port, managementPort, like, json }: BrokerCommandOptions,
): Promise<ExitCode> {
  const { startMemoryBroker } = await import('@leveret/memory-broker')
  const broker = await startMemoryBroker({ port: Number(port), managementPort: Number(managementPort), like }).catch(
    (cause: unknown) => {
      throw new NotDoneError(`The broker did not start: ${cause instanceof Error ? cause.message : cause}`, { cause })
    },
  )
  const { url, managementUrl, version } = broker
  if (json) await terminal.print(jsonText({ version, url, managementUrl }))
  else
    await terminal.print(
      `like RabbitMQ ${version}, for tests and tries\nAMQP        ${url}\nmanagement  ${managementUrl}`,
    )
  terminal.say('Ctrl-C ends it, and nothing is kept.')
  if (!signal.aborted) await once(signal, 'abort')
  await broker.close()
  return EXIT.interrupted
}
