import asyncio

from fastmcp import Client
from fastmcp.client.elicitation import ElicitResult
from fastmcp.client.transports import StdioTransport, StreamableHttpTransport
from session import answer_form, hold_session, run


async def show_form(message, response_type, params, context):
    action, content = answer_form(params.requested_schema)
    return ElicitResult(action=action, content=content)


def transport():
    if "command" in run:
        return StdioTransport(command=run["command"], args=run["args"], env=run["env"])
    return StreamableHttpTransport(run["url"], headers=run["headers"])


async def main():
    async with Client(transport(), mode=run["options"]["mode"], elicitation_handler=show_form) as client:

        async def list_tools():
            return [tool.name for tool in await client.list_tools()]

        async def call(name, args):
            result = await client.call_tool(name, args, raise_on_error=False)
            return "\n".join(item.text for item in result.content)

        async def read_resource(uri):
            return (await client.read_resource(uri))[0].text

        await hold_session(list_tools, call, read_resource)


asyncio.run(main())
