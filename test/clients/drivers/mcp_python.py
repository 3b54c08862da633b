import asyncio

import httpx2
from mcp import Client, StdioServerParameters, types
from mcp.client.stdio import stdio_client
from mcp.client.streamable_http import streamable_http_client
from session import answer_form, hold_session, run


async def show_form(context, params):
    action, content = answer_form(params.requested_schema)
    return types.ElicitResult(action=action, content=content)


def transport():
    if "command" in run:
        return stdio_client(StdioServerParameters(command=run["command"], args=run["args"], env=run["env"]))
    http = httpx2.AsyncClient(headers=run["headers"], timeout=30)
    return streamable_http_client(run["url"], http_client=http)


async def main():
    async with Client(transport(), mode=run["options"]["mode"], elicitation_callback=show_form) as client:

        async def list_tools():
            return [tool.name for tool in (await client.list_tools()).tools]

        async def call(name, args):
            return "\n".join(item.text for item in (await client.call_tool(name, args)).content)

        async def read_resource(uri):
            return (await client.read_resource(uri)).contents[0].text

        await hold_session(list_tools, call, read_resource)


asyncio.run(main())
