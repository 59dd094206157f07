import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { idOf } from '../../contracts/asyncapi/names.js'
import type { ContractsDocument } from '../../contracts/document.js'
import { asObject } from '../../contracts/schema/json-schema.js'
import { acts, command, type Runner } from '../../program/command.js'
import type { Context } from '../../program/context.js'
import { EXIT, type ExitCode } from '../../program/exit.js'
import { jsonText } from '../../terminal/json.js'
import { asDocumentCommand, type DocumentOptions, described } from './described.js'

interface JsonOptions extends DocumentOptions {
  readonly schemas?: string
}

/** `leveret contracts json` */
export function jsonCommand(runner: Runner) {
  const made = command(
    'json',
    'Writes contracts and declarations as JSON: commit it, and compare with contracts diff. With --schemas also a JSON Schema a file, for other languages.',
    ['leveret contracts json > contracts.lock.json', 'leveret contracts json --schemas schemas'],
  )
  asDocumentCommand(made)
    .option('--schemas <folder>', 'also write each JSON Schema to a file of its own in this folder')
    .option('--json', 'accepted as everywhere; the output is always JSON')
  return acts(made, runner, writeJson)
}

async function writeJson(context: Context, options: JsonOptions): Promise<ExitCode> {
  const { document } = await described(context, options)
  if (options.schemas !== undefined) await writeSchemas(options.schemas, document)
  await context.terminal.print(jsonText(document))
  return EXIT.done
}

async function writeSchemas(folder: string, { contracts }: ContractsDocument): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const { key, messages } of contracts) {
    for (const { part, schema } of messages) {
      const title = part === 'payload' ? key : `${key}, ${part}`
      const text = jsonText({ $schema: 'http://json-schema.org/draft-07/schema#', title, ...asObject(schema) })
      const name = idOf(`${key.replace(' ', '.')}${part === 'payload' ? '' : `.${part}`}`)
      await writeFile(join(folder, `${name}.schema.json`), `${text}\n`)
    }
  }
}
