"""The directory over HTTP: each authority its own, changed by managers, read by staff."""

from __future__ import annotations

from tests.api.api_process import ApiProcess

OWN, FOREIGN = "rotherham", "north-somerset"
CSV = "name,email,roles,teams\nTara Teamlead,tara@council.example,stage_manager,Team North\n"


async def test_a_directory_is_imported_read_and_changed(api: ApiProcess) -> None:
    manager, staff = api.headers("complaints_manager", authority=OWN), api.headers("staff", authority=OWN)
    bad = {"csv": CSV.replace("tara@", "tara at "), "dry_run": True}
    wrong = await api.http.post("/v1/imports/people", json=bad, headers=manager)
    assert [each["field"] for each in wrong.json()["errors"]] == ["line 2, email"]
    done = await api.http.post("/v1/imports/people", json={"csv": CSV}, headers=manager)
    assert done.json() == {"added": ["Tara Teamlead"], "changed": [], "unchanged": 0, "dry_run": False}
    listed = await api.http.get("/v1/people?role=stage_manager&team=Team+North", headers=staff)
    (tara,) = listed.json()["people"]
    assert (tara["name"], tara["teams"]) == ("Tara Teamlead", ["Team North"])
    path = f"/v1/people/{tara['person']}"
    absent = {"name": "Tara Teamlead", "absences": [{"from": "2026-12-21", "to": "2027-01-04"}]}
    changed = await api.http.put(path, json=absent, headers=manager)
    assert changed.json()["absences"] == absent["absences"]
    read = (await api.http.get(path, headers=staff)).json()
    assert [each["change"] for each in read["changes"]] == ["added", "changed"]
    assert all(each["by"] for each in read["changes"])
    assert (await api.http.delete(path, headers=manager)).status_code == 204
    assert (await api.http.get(path, headers=staff)).json()["removed"] is True


async def test_a_caller_of_one_authority_sees_and_changes_no_other_directory(api: ApiProcess) -> None:
    manager, stranger = (api.headers("complaints_manager", authority=each) for each in (OWN, FOREIGN))
    made = await api.http.post("/v1/people", json={"name": "Una Invented"}, headers=manager)
    assert made.status_code == 201, made.text
    assert made.headers["Location"] == f"/v1/people/{made.json()['person']}"
    listed = await api.http.get("/v1/people", headers=stranger)
    assert "Una Invented" not in listed.text
    for answer in (
        await api.http.get(f"/v1/people?authority={OWN}", headers=stranger),
        await api.http.post("/v1/people", json={"name": "X", "authority": OWN}, headers=stranger),
        await api.http.post("/v1/imports/people", json={"csv": CSV, "authority": OWN}, headers=stranger),
    ):
        assert answer.status_code == 403, answer.text
    unlimited = api.headers("complaints_manager")
    assert (await api.http.get("/v1/people", headers=unlimited)).status_code == 422
    assert (await api.http.get(f"/v1/people?authority={OWN}", headers=unlimited)).status_code == 200


async def test_conflicts_are_shown_before_anybody_is_appointed(api: ApiProcess) -> None:
    manager = api.headers("complaints_manager", authority=FOREIGN)
    people = (
        "name,email,connection,roles,teams\n"
        "Ian Inside,ian@council.example,employee,investigating_officer;independent_person,Team South\n"
        "Olga Outside,olga@out.example,none,investigating_officer,\n"
        "Pat Complained,pat@council.example,employee,investigating_officer,\n"
    )
    assert (await api.http.post("/v1/imports/people", json={"csv": people}, headers=manager)).is_success
    about = {"team": "team south", "people": ["Pat Complained"]}
    reference = await api.open(manager, authority=FOREIGN, about=about)

    async def recorded() -> bool:
        answer = await api.http.get(f"/v1/complaints/{reference}/conflicts", headers=manager)
        return answer.is_success

    await api.until(recorded)
    path = f"/v1/complaints/{reference}/conflicts"
    found = (await api.http.get(path, headers=manager)).json()["candidates"]
    shown = {(each["role"], each["name"]): each for each in found}
    assert shown["investigating_officer", "Olga Outside"]["may"] == "yes"
    ian = shown["investigating_officer", "Ian Inside"]
    assert (ian["may"], ian["conflicts"]) == (
        "consider",
        ["this person works in Team South, which the complaint is about"],
    )
    assert shown["independent_person", "Ian Inside"]["may"] == "no"
    assert shown["investigating_officer", "Pat Complained"]["conflicts"] == [
        "this person is complained about"
    ]
    one = (await api.http.get(f"{path}?role=independent_person", headers=manager)).json()["candidates"]
    assert {each["role"] for each in one} == {"independent_person"}
