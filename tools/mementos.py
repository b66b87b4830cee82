"""The toolset ``mementos``: named parts of the account's documents, and the public knowledge that it has added."""

from typing import Annotated

from pydantic import BaseModel, Field

from ..server.api import mementos
from ..server.api.answers import Id
from ..server.api.mementos import Memento, PublicKnowledge
from ..server.errors import InvalidArguments
from ..server.settings.settings import Settings
from .base.arguments import Name, Number, Text
from .base.call import ToolCall
from .base.confirmation import Confirm, Deletion, require_consent
from .base.content import (
    Fence,
    FromDocuments,
    Page,
    PagedResult,
    PageSize,
    Written,
    fitted,
    if_known,
    page_of,
    shortened,
)
from .base.contract import ADDS, CHANGES, DELETES, READS, ContractTool, tool

MOST_IDS = 1_000
"""Of one edit."""
LONGEST_DESCRIPTION = 1_000
FOLDERS = "Ids of folders, which no tool gives; a path may work. Whatever they hold is added."
DocumentIds = Annotated[list[Number], Field(min_length=1, max_length=MOST_IDS)]
FolderIds = Annotated[
    list[Annotated[Text, Field(min_length=1, max_length=1_000)]], Field(min_length=1, max_length=MOST_IDS)
]


class MementoRow(BaseModel):
    id: str
    name: str
    documents: int | None = if_known("How many; left out where Rememberizer doesn't say.")
    created: str | None
    modified: str | None


class MementoList(PagedResult):
    mementos: list[MementoRow]


class MementoResult(FromDocuments):
    memento: Memento


class CreatedMemento(Written, MementoResult):
    """A new memento."""


class EditedMemento(Written):
    """What an edit sent, which Rememberizer accepted."""

    id: str
    added: int = Field(description="How many were named, whether they were in it or not; so the next two.")
    added_folders: int
    removed: int
    next: str


class DeletedMemento(Written):
    deleted: str = Field(description="Its id.")
    name: str


class PublicKnowledgeList(PagedResult):
    public_knowledge: list[PublicKnowledge]


async def list_mementos(call: ToolCall, *, page: Page = 1, page_size: PageSize = 20) -> MementoList:
    """The user's mementos: named parts of their documents, by which they decide what an app may see. Use it to find a
    memento's id. They don't narrow a search.
    """
    everything = await mementos.list_mementos(call)
    return page_of(MementoList, "mementos", everything, _row, page=page, page_size=page_size)


async def create_memento(call: ToolCall, *, name: Name) -> CreatedMemento:
    """Create an empty memento. Then fill it with `edit_memento`."""
    memento = await mementos.create_memento(call, name=name)
    return CreatedMemento(account=call.account, **dict(_one(memento)))


async def get_memento(call: ToolCall, *, id: Id) -> MementoResult:
    """One memento by its id, with the ids of its documents as far as Rememberizer tells them. It tells no names with
    them: the list of documents has both.
    """
    return _one(await mementos.get_memento(call, memento_id=id))


async def edit_memento(
    call: ToolCall,
    *,
    id: Id,
    add: Annotated[DocumentIds | None, Field(description="Ids of documents, as lists and searches give them.")] = None,
    add_folders: Annotated[FolderIds | None, Field(description=FOLDERS)] = None,
    remove: Annotated[DocumentIds | None, Field(description="Ids of documents.")] = None,
) -> EditedMemento:
    """Add documents or folders to a memento, or remove documents from it. The documents themselves stay."""
    add, add_folders, remove = add or [], add_folders or [], remove or []
    if not (add or add_folders or remove):
        raise InvalidArguments("There is nothing to add or to remove.", repair="Pass `add`, `add_folders` or `remove`.")
    if set(add) & set(remove):
        raise InvalidArguments("`add` and `remove` name the same document.", repair="Leave it out of one of them.")
    await mementos.edit_memento(call, memento_id=id, add=add, add_folders=add_folders, remove=remove)
    return EditedMemento(
        account=call.account,
        id=id,
        added=len(add),
        added_folders=len(add_folders),
        removed=len(remove),
        next="`get_memento` shows what it holds now.",
    )


async def delete_memento(call: ToolCall, *, id: Id, confirm: Confirm = None) -> DeletedMemento:
    """Delete a memento for good; its documents stay. Apps that were given it lose what it showed them."""
    found = await mementos.get_memento(call, memento_id=id)
    deletion = Deletion(path=f"mementos/{id}", whose=call.whose, kind="memento", id=id, name=found.name)
    await require_consent(call, deletion, confirm=confirm)
    await mementos.delete_memento(call, memento_id=id)
    return DeletedMemento(account=call.account, deleted=id, name=found.name)


async def list_public_knowledge(call: ToolCall, *, page: Page = 1, page_size: PageSize = 20) -> PublicKnowledgeList:
    """The public knowledge that the user has added: what others share with everybody, and what each is about."""
    everything = await mementos.list_public_knowledge(call)
    return page_of(PublicKnowledgeList, "public_knowledge", everything, _fenced, page=page, page_size=page_size)


def toolset(_: Settings) -> list[ContractTool]:
    """The six tools, in the order in which they are listed."""
    return [
        tool(list_mementos, "List mementos", READS),
        tool(get_memento, "Look at a memento", READS),
        tool(create_memento, "Create a memento", ADDS),
        tool(edit_memento, "Change what a memento holds", CHANGES),
        tool(delete_memento, "Delete a memento", DELETES),
        tool(list_public_knowledge, "List public knowledge", READS),
    ]


def _row(_: Fence, memento: Memento) -> MementoRow:
    documents = None if memento.document_ids is None else len(memento.document_ids)
    return MementoRow(documents=documents, **memento.model_dump(exclude={"document_ids"}))


def _fenced(fence: Fence, knowledge: PublicKnowledge) -> PublicKnowledge:
    if not knowledge.description:
        return knowledge
    is_cut = len(knowledge.description) > LONGEST_DESCRIPTION
    text = fence.around(shortened(knowledge.description, LONGEST_DESCRIPTION))
    text += f" Cut at {LONGEST_DESCRIPTION} characters; no call gets the rest." if is_cut else ""
    return knowledge.model_copy(update={"description": text})


def _one(memento: Memento) -> MementoResult:
    """The memento, with as many of its documents' ids as fit."""
    fence, ids = Fence(), memento.document_ids or []

    def make(_: int, count: int) -> MementoResult:
        shown = memento if count == len(ids) else memento.model_copy(update={"document_ids": ids[:count]})
        cut = (
            None if shown is memento else f"Only {count} of {len(ids)} document ids fit; there is no call for the rest."
        )
        return MementoResult(**fence.marks(cut), memento=shown)

    return fitted(make, characters=len(ids))
