"""Mementos, which are named parts of an account's documents, and public knowledge (rememberizer-api.md §5.4, §5.5)."""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import AliasChoices, BeforeValidator, Field

from . import endpoints
from .answers import Answer, Id, Name, SomeLine, SomeWhole, Text, WholeId, ask, read_every
from .client import Asker


def _document_ids(value: Any) -> Any:
    """Ids from ids or from documents; ``None`` where upstream sends neither."""
    if not isinstance(value, list):
        return None
    return [each.get("pk", each.get("id")) if isinstance(each, dict) else each for each in value]


def _number_of(value: Any) -> Any:
    return len(value) if isinstance(value, list) else value


class Memento(Answer):
    """One memento; its schema is not documented beyond its use."""

    id: Id = Field(validation_alias=AliasChoices("id", "pk"))
    name: Name = ""
    document_ids: Annotated[list[WholeId] | None, BeforeValidator(_document_ids)] = Field(
        None,
        validation_alias=AliasChoices("document_ids", "documents"),
        exclude_if=lambda ids: ids is None,
        description="Left out where Rememberizer doesn't say.",
    )
    created: SomeLine = None
    modified: SomeLine = None


class PublicKnowledge(Answer):
    """A common knowledge that the account has added. Upstream's ``api_key`` is a secret, and no field of this."""

    id: WholeId
    name: Name = ""
    description: Text | None = None
    publisher: SomeLine = Field(None, validation_alias="publisher_name")
    memento: Id | None = Field(None, description="Id of the memento that it shares.")
    documents: Annotated[SomeWhole, BeforeValidator(_number_of)] = Field(None, validation_alias="document_ids")
    subscribers: SomeWhole = Field(None, validation_alias="num_of_subscribers")
    size: SomeWhole = Field(None, description="Bytes.")
    published_by_me: bool | None = None
    subscribed_by_me: bool | None = None
    is_sharing: bool | None = None
    created: SomeLine = None
    modified: SomeLine = None


async def list_mementos(asker: Asker) -> list[Memento]:
    """``GET mementos/``: every memento of the account.

    Raises:
        RememberizerError: Upstream's refusals, or no usable answer; so do all functions here.
    """
    return await read_every(Memento, asker, endpoints.MEMENTOS)


async def create_memento(asker: Asker, *, name: str) -> Memento:
    """``POST mementos/``; never repeated."""
    return await ask(Memento, asker, endpoints.CREATE_MEMENTO.call({"name": name}), known={"name": name})


async def get_memento(asker: Asker, *, memento_id: str) -> Memento:
    """``GET mementos/{id}/``."""
    return await ask(Memento, asker, endpoints.MEMENTO.call(memento_id=memento_id))


async def edit_memento(
    asker: Asker,
    *,
    memento_id: str,
    add: Sequence[int] = (),
    add_folders: Sequence[str] = (),
    remove: Sequence[int] = (),
) -> None:
    """``POST mementos/memento_document/{id}/``, with the ids as text, as documented; what it answers is not read."""
    body = {
        "memento": memento_id,
        "add": [str(each) for each in add],
        "folder_add": list(add_folders),
        "remove": [str(each) for each in remove],
    }
    await asker.request(endpoints.MEMENTO_DOCUMENTS.call(body, memento_id=memento_id))


async def delete_memento(asker: Asker, *, memento_id: str) -> None:
    """``DELETE mementos/{id}/``."""
    await asker.request(endpoints.DELETE_MEMENTO.call(memento_id=memento_id))


async def list_public_knowledge(asker: Asker) -> list[PublicKnowledge]:
    """``GET common-knowledge/subscribed-list/``."""
    return await read_every(PublicKnowledge, asker, endpoints.PUBLIC_KNOWLEDGE)
