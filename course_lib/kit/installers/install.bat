@echo off
rem Installs the course from this folder, without network: install.bat [FOLDER]   (default: %USERPROFILE%\litert-course)
setlocal
set "here=%~dp0"
set "target=%~1"
if "%target%"=="" set "target=%USERPROFILE%\litert-course"
set "python="
for %%v in (@PYTHONS@) do (
    if not defined python (
        py -%%v -c "" >nul 2>nul && set "python=py -%%v"
    )
)
if not defined python (
    echo This kit is for Python @PYTHONS@, and none was found: install one from python.org, then run this again.
    exit /b 1
)
xcopy "%here%course" "%target%\" /E /I /Y /Q >nul || exit /b 1
> "%target%\start-lab.bat" echo @cd /d "%target%" ^&^& set "TIER=@TIER@" ^&^& %python% start.py lab %%*
cd /d "%target%"
set "TIER=@TIER@"
set "COURSE_WHEELS=%here%wheels"
%python% start.py setup || exit /b 1
echo Open the course with:  "%target%\start-lab.bat"
