import { type ContainerRuntimeClient, ImageName } from 'testcontainers'

/** An image of RabbitMQ with its management plugin. */
export interface Image {
  readonly name: string
  /** Version of RabbitMQ in the image, such as `4.3.6`. */
  readonly version: string
}

/**
 * Finds an image of a version: the official one, or else one built with the name `leveret/rabbitmq`. Pulls the official
 * one if this machine has neither.
 *
 * @throws Error if the image cannot be pulled
 */
export async function findImage({ image }: ContainerRuntimeClient, version: string): Promise<Image> {
  const official = `rabbitmq:${version}-management`
  for (const name of [official, `leveret/rabbitmq:${version}`]) {
    if (await image.exists(ImageName.fromString(name))) return { name, version: await versionOf(image, name) }
  }
  await image.pull(ImageName.fromString(official)).catch((cause: unknown) => {
    throw new Error(`Cannot pull ${official}; check the version and the access to its registry.`, { cause })
  })
  return { name: official, version: await versionOf(image, official) }
}

/**
 * Reads the version of an image. Official images name it in a variable. Without the version, it would be unknown which
 * settings the broker accepts.
 */
async function versionOf(image: ContainerRuntimeClient['image'], name: string): Promise<string> {
  const { Config } = await image.inspect(ImageName.fromString(name))
  const version = Config.Env.find((line) => line.startsWith('RABBITMQ_VERSION='))?.split('=')[1]
  if (version === undefined) throw new Error(`The image ${name} has no RABBITMQ_VERSION in its environment.`)
  return version
}
