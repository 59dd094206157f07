import { type ContainerRuntimeClient, getContainerRuntimeClient, getReaper } from 'testcontainers'

let engine: Promise<ContainerRuntimeClient> | undefined

/** Finds the Docker engine in the way of Testcontainers. */
export function dockerEngine(): Promise<ContainerRuntimeClient> {
  // Only a success is kept, because the engine may be started later.
  engine ??= getContainerRuntimeClient().catch((error: unknown) => {
    engine = undefined
    throw error
  })
  return engine
}

/** Whether a Docker engine answers. */
export async function engineAnswers(): Promise<boolean> {
  return dockerEngine().then(
    () => true,
    () => false,
  )
}

/**
 * Lets Testcontainers' reaper run if it can.
 *
 * Its image is not available on a machine without access to Docker Hub. The reaper of this package also removes the
 * containers, so there the tests run without it. If the user has set the variable, it stays as it is.
 *
 * @see https://node.testcontainers.org/configuration/#ryuk-container
 */
export async function prepareTestcontainers(): Promise<void> {
  if (process.env.TESTCONTAINERS_RYUK_DISABLED !== undefined) return
  await getReaper(await dockerEngine()).catch(() => {
    process.env.TESTCONTAINERS_RYUK_DISABLED = 'true'
  })
}

/**
 * Runs a program inside a container.
 *
 * @returns its standard output
 * @throws Error with the program's output, if it fails
 */
export async function execInContainer(id: string, command: readonly string[]): Promise<string> {
  const { container } = await dockerEngine()
  const { exitCode, output, stdout } = await container.exec(container.getById(id), [...command])
  if (exitCode !== 0) throw new Error(`${command.join(' ')} failed (${exitCode})\n${output}`.trimEnd())
  return stdout
}
