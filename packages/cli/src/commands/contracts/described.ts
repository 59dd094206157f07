import { type Command, Option } from 'commander'
import type { Application } from 'leveret'
import { type ContractsDocument, contractsDocument } from '../../contracts/document.js'
import { withApp } from '../../program/command.js'
import type { CommonOptions, Context } from '../../program/context.js'

/** Options of commands that write documents. */
export interface DocumentOptions extends CommonOptions {
  readonly unrepresentable?: 'throw' | 'any'
}

/** Adds the options of commands that write documents. */
export function asDocumentCommand(made: Command): Command {
  return withApp(made).addOption(
    new Option('--unrepresentable <how>', 'what becomes of a part that JSON Schema cannot say')
      .choices(['throw', 'any'])
      .default('throw'),
  )
}

/** Returns the applications and their description. @throws {@link UsageError} if there are no applications */
export async function described(
  context: Context,
  options: DocumentOptions,
): Promise<{ applications: readonly Application[]; document: ContractsDocument }> {
  const applications = await context.someApplications(options)
  return { applications, document: contractsDocument(applications, { unrepresentable: options.unrepresentable }) }
}
